-- What is true of every customer who has come so far, month by month, and what happened to them.
-- Holds the months of the files under way and the month before.
create table panel (
    t bigint,
    m integer,
    km ubigint,
    is_live boolean,        -- was a customer at some time of the month
    is_active boolean,      -- is a customer at its end
    is_first boolean,       -- the first month of the customer in the history
    s0 double,              -- satisfaction, engagement, price pressure at the month's start
    e0 double,
    p0 double,
    s double,               -- and at its end
    e double,
    p double,
    hazard_voluntary double,
    hazard_involuntary double,
    sub_no integer,         -- the subscription in force
    sub_on date,
    sub_month integer,
    sub_plan integer,       -- its plan at the start
    plan integer,
    quantity integer,
    unit_price decimal(18, 4),
    rate decimal(18, 8),    -- of the day on which that price took effect
    change_kind varchar,    -- what happened to it this month; null for nothing
    change_on date,
    is_renewal boolean,
    addon integer,
    addon_no integer,
    addon_quantity integer,
    addon_price decimal(18, 4),
    addon_rate decimal(18, 8),
    addon_on date,
    addon_change varchar,
    addon_before integer,   -- the add-on that ended this month
    ended_on date,
    ended_month integer,
    end_reason varchar,
    buys integer,           -- invoices of a repeat buyer this month
    tickets integer,
    crisis_tickets integer,
    service double,         -- how well the service desk did this month, 0 for as planned
    is_wrong_tier boolean,
    is_touched boolean,
    co_creations integer,
    co_creation double,
    arm varchar,            -- of the experiment on churn
    stage integer,
    stage_misses integer
);
create table mrr (t bigint, m integer, mrr decimal(18, 4));

-- What became of each ticket: whole, for the truth.
create table true_ticket (
    ticket_id varchar, t bigint, tier_applied varchar, ticket_kind varchar, topic varchar,
    is_crisis boolean, created_at timestamp, replied_at timestamp, first_solved_at timestamp,
    reopened_at timestamp, solved_at timestamp, is_at_once boolean, is_reopened boolean, late_days integer
);

-- How everybody begins. Who came before the history began stands in the month before it.
create view newcomer as
select
    customer.t,
    customer.joined_month,
    round(mu_s + 0.4 * normal(k, 's first'), 6) as s,
    round(mu_e + 0.4 * normal(k, 'e first'), 6) as e,
    round(mu_p + 0.4 * normal(k, 'p first'), 6) as p,
    case when is_contract then 1 end as sub_no,
    case when is_contract then joined_on end as sub_on,
    case when is_contract then joined_month end as sub_month,
    plan0 as plan,
    quantity0 as quantity,
    in_currency(plan_price(plan0), customer.currency, discount) as unit_price,
    exchange_rate.rate,
from customer
inner join exchange_rate
    on exchange_rate.currency = customer.currency and exchange_rate.m = customer.joined_month;

insert into panel by name
select
    newcomer.* exclude (joined_month),
    plan as sub_plan,
    -1 as m,
    false as is_live,
    true as is_active,
    true as is_first,
    s as s0,
    e as e0,
    p as p0,
    0 as hazard_voluntary,
    0 as hazard_involuntary,
    case when sub_no is not null then 'start' end as change_kind,
    sub_on as change_on,
    false as is_renewal,
    0 as addon_no,
    0 as buys,
    0 as tickets,
    0 as crisis_tickets,
    0 as service,
    false as is_wrong_tier,
    false as is_touched,
    0 as co_creations,
    0 as co_creation,
    case when -1 - joined_month < 2 then 1 when -1 - joined_month < 12 then 2 else 3 end as stage,
    0 as stage_misses,
from newcomer
where joined_month < 0;

-- Whom a system has met before, and when.
create table asked_before (t bigint, since timestamp);
create table invited_before (t bigint, since timestamp);
create table counted_before (t bigint, since timestamp);

-- What is wrong on purpose, and how often.
create table dirty_rows (
    system varchar, table_name varchar, case_name varchar, rule varchar, outcome varchar,
    row_count bigint
);

-- Who left, and who was touched by a planted case in which month.
create table departure (
    t bigint, m integer, left_on date, end_reason varchar, is_involuntary boolean, arm varchar
);
create table case_month (t bigint, case_name varchar, m integer);

-- What the customers in the loyalty programme, or soon in it, gained in which month.
create table loyalty_month (t bigint, m integer, points integer);
