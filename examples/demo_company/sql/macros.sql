-- The only source of chance: a hash of (seed, entity, purpose), so that a draw depends on nothing
-- but its name, and the same seed gives the same company on any number of threads.

-- A number in (0, 1) for an entity's key and a purpose.
create macro draw(k, purpose) as
    (hash(xor(k, hash(purpose))) >> 11)::double * 1.1102230246251565e-16 + 5.551115123125783e-17;

-- The key of a part of an entity: the i-th ticket of a customer-month.
create macro part(k, i) as hash(xor(k, hash(i::bigint * 7919 + 104729)));

-- Standard normal by inverse distribution, Tukey's lambda approximation (error below 0.01).
create macro normal(k, purpose) as
    4.91 * (pow(draw(k, purpose), 0.14) - pow(1 - draw(k, purpose), 0.14));

-- Poisson by inverse distribution, cut at 5.
create macro poisson_of(x, mean) as case
    when x < exp(-mean) then 0
    when x < exp(-mean) * (1 + mean) then 1
    when x < exp(-mean) * (1 + mean + mean * mean / 2) then 2
    when x < exp(-mean) * (1 + mean + mean * mean / 2 + pow(mean, 3) / 6) then 3
    when x < exp(-mean) * (1 + mean + mean * mean / 2 + pow(mean, 3) / 6 + pow(mean, 4) / 24)
        then 4
    else 5
end;
create macro poisson(k, purpose, mean) as poisson_of(draw(k, purpose), mean);

create macro logistic(x) as 1 / (1 + exp(-(x)));
create macro clamp(x, low, high) as least(greatest(x, low), high);

-- One item of a list; the third form picks by a ready number in (0, 1).
create macro pick(k, purpose, items) as
    items[1 + floor(draw(k, purpose) * len(items))::bigint];

-- Times. A month is numbered from 0, the first month of the history.
create macro month_start(m) as (getvariable('first_day') + to_months(m::integer))::date;
create macro month_number(d) as (
    (year(d) - year(getvariable('first_day'))) * 12
    + month(d) - month(getvariable('first_day'))
)::integer;
create macro plus_days(d, days) as (d + days::integer)::date;
create macro plus_minutes(moment, minutes) as moment + to_seconds(floor(minutes * 60)::bigint);
-- A day between two days, both included.
create macro day_between(first_on, last_on, x) as
    first_on + least(floor(x * (last_on - first_on + 1)), last_on - first_on)::integer;
-- A time of the day: working hours for what staff do, nearly any hour for what people do.
create macro in_working_hours(d, x) as
    d::timestamp + to_seconds((8 * 3600 + floor(x * 9.5 * 3600))::bigint);
create macro in_waking_hours(d, x) as
    d::timestamp + to_seconds((6 * 3600 + floor(x * 17 * 3600))::bigint);

create macro padded(number, width) as lpad(number::varchar, width, '0');
create macro true_id(t) as 'TC' || padded(t, 7);

-- Opening time of the service desk between two moments: round the clock for tier A, else from eight
-- to six on working days.
create macro desk_day(tier) as case when tier = 'A' then 1440 else 600 end;
create macro office_minutes(moment) as (
    (date_diff('day', date '1900-01-01', moment::date) // 7) * 5
    + least(date_diff('day', date '1900-01-01', moment::date) % 7, 5)
) * 600 + case
    when date_diff('day', date '1900-01-01', moment::date) % 7 < 5
        then clamp(date_diff('second', moment::date::timestamp, moment) / 60 - 480, 0, 600)
    else 0
end;
create macro desk_minutes(tier, from_moment, to_moment) as case
    when tier = 'A' then date_diff('second', from_moment, to_moment) / 60
    else office_minutes(to_moment) - office_minutes(from_moment)
end;
