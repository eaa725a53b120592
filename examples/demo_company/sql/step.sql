-- The months of the files under way, one after the other, for everybody: each reads the one before.
-- One statement, because planning it takes longer than a month of a small company.
insert into panel
with recursive story as (
    select * from panel where m = getvariable('first_month') - 1
    union all
    select * from (
with now as (
    select
        month.*,
        setting.*,
        last_month.load,
    from (
        -- Tickets of the month before, as a share of what the service desk is staffed for.
        select
            max(m) + 1 as m,
            (sum(tickets + crisis_tickets) + 1) / (0.085 * count(*) filter (is_live) + 1) as load,
        from story
    ) as last_month
    inner join month using (m)
    cross join setting
    where m <= getvariable('last_month')
),

before as (
    select
        t,
        is_active,
        false as is_first,
        s as s0,
        e as e0,
        p as p0,
        sub_no,
        sub_on,
        sub_month,
        sub_plan,
        plan,
        quantity,
        unit_price,
        rate,
        addon,
        addon_no,
        addon_quantity,
        addon_price,
        addon_rate,
        addon_on,
        ended_on,
        ended_month,
        end_reason,
        co_creation,
        arm,
        stage,
        stage_misses,
    from story
    union all
    select
        newcomer.t,
        true,
        true,
        s,
        e,
        p,
        sub_no,
        sub_on,
        sub_month,
        plan,
        plan,
        quantity,
        unit_price,
        rate,
        null,
        0,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        0,
        null,
        1,
        0,
    from newcomer
    inner join now on newcomer.joined_month = now.m
),

-- What the month's start decides.
known as (
    select
        before.*,
        now.*,
        customer.k,
        customer.is_organisation,
        customer.is_contract,
        customer.tier,
        customer.currency,
        customer.discount,
        customer.billing_day,
        customer.term_months,
        customer.forced_end_month,
        customer.mu_s,
        customer.mu_e,
        customer.mu_p,
        customer.buy_rate,
        coalesce(customer.planted_case, '') as planted_case,
        part(customer.k, m) as km,
        m - customer.joined_month as tenure,
        coalesce(
            before.is_active and m > before.sub_month
            and (m - before.sub_month) % 12 = 0, false
        ) as is_anniversary,
        coalesce(
            customer.planted_case = 'silent_leaver'
            and m between customer.case_from_month and customer.case_to_month, false
        ) as is_fading,
        coalesce(
            customer.planted_case like 'frequent_complainer%'
            and m >= customer.case_from_month, false
        ) as is_complaining,
        customer.tier = 'A' and customer.region = wrong_region
            and m between wrong_from and wrong_to
            as is_wrong_tier,
        customer.consent0
            and (
                customer.consent_off_on is null
                or customer.consent_off_on > month_on
            )
            and draw(part(customer.k, m), 'touch') < 0.5
            and not (
                m = campaign_month
                and draw(customer.k, 'campaign arm') < 0.5
            ) as may_be_touched,
        case
            when before.arm is not null then before.arm
            when m <> experiment_from then null
            when not customer.is_contract or not before.is_active or before.is_first
                or customer.planted_case is not null or customer.forced_end_month is not null
                then null
            when draw(customer.k, 'experiment arm') < 0.5 then 'treatment'
            else 'control'
        end as arm_now,
    from before
    inner join customer using (t)
    cross join now
),

hazards as (
    select
        *,
        case
            when is_first or not is_active or tenure < 1 then 0
            when forced_end_month is not null
                then case when m = forced_end_month then 1 else 0 end
            when planted_case in ('silent_loyalist', 'frequent_complainer_constructive') then 0
            when is_contract then logistic(
                contractual_intercept
                + contractual_satisfaction * s0
                + contractual_engagement * e0
                + contractual_price_pressure * p0
                + contractual_ln_1_plus_tenure_months * ln(1 + tenure)
                + case when is_organisation then contractual_is_organisation else 0 end
                + case
                    when term_months = 1 then 0
                    when is_anniversary then contractual_yearly_term_in_renewal_month
                    else contractual_yearly_term_in_other_months
                end
                - case
                    when arm_now = 'treatment' and m <= experiment_to then experiment_effect
                    else 0
                end
            )
            else logistic(
                repeat_intercept
                + repeat_satisfaction * s0
                + repeat_engagement * e0
                + repeat_price_pressure * p0
                + repeat_ln_1_plus_tenure_months * ln(1 + tenure)
            )
        end as hazard_voluntary,
        case
            when is_first or not is_active or not is_contract or tenure < 1
                or forced_end_month is not null
                or planted_case in ('silent_loyalist', 'frequent_complainer_constructive')
                then 0
            else 0.0016 * exp(clamp(0.8 * p0, -2, 2)) + 0.0004
        end as hazard_involuntary,
        not is_active and is_contract and ended_month = m - 1
            and end_reason = 'payment_failure' and billing_day >= 3 and draw(km, 'resume') < 0.35
            as is_resumed,
        not is_active and forced_end_month is null
            and ended_month between m - 14 and m - 3
            and draw(km, 'back') < 0.012 * exp(0.5 * s0)
            as is_won_back,
        month_on + (billing_day - 1) as billing_on,
    from known
),

-- What happens to the subscription, one thing a month.
events as (
    select
        *,
        is_active and draw(km, 'end') < hazard_voluntary + hazard_involuntary as is_ended,
        is_ended and draw(km, 'end') >= hazard_voluntary as is_involuntary,
        (is_active and not is_ended) or is_resumed or is_won_back as is_active_now,
        is_active and not is_ended and not is_first and is_contract and tenure >= 1 as may_change,
        case
            when not is_contract then null
            when is_first then 'start'
            when is_ended then 'end'
            when is_resumed then 'resume'
            when is_won_back then 'start'
            when not may_change then null
            when is_anniversary then case when draw(km, 'rise') < 0.8 then 'price' end
            when plan not in (3, 14)
                and draw(km, 'upgrade') < 0.010 * exp(0.6 * s0 + 0.6 * e0 - 0.5 * p0)
                then 'upgrade'
            when plan not in (1, 11)
                and draw(km, 'downgrade') < 0.006 * exp(-0.4 * s0 - 0.3 * e0 + 0.7 * p0)
                then 'downgrade'
            when plan > 10 and draw(km, 'seats') < 0.045
                and (draw(km, 'more') < logistic(0.6 + 0.8 * s0 + 0.8 * e0 - 0.6 * p0) or quantity > 1)
                then 'quantity'
        end as change_kind,
        case
            when change_kind = 'price' then round(0.02 + 0.06 * draw(km, 'percent'), 4) else 0
        end as rise,
        case
            when change_kind is null then null
            when is_first then sub_on
            when is_resumed
                then month_on + (greatest(billing_day - 6, 1) - 1)
            when is_won_back then month_on + floor(draw(km, 'day') * 27)::integer
            else billing_on
        end as change_on,
        case
            when is_first or not (may_change or is_ended) then null
            when addon is not null and (is_ended or draw(km, 'addon end') < 0.012 * exp(-0.4 * s0))
                then 'end'
            when addon is null and not is_ended
                and draw(km, 'addon') < 0.015 * exp(0.5 * s0 + 0.5 * e0 - 0.4 * p0)
                * case
                    when m between launch_1 and launch_1 + 5
                        or m between launch_2
                            and launch_2 + 5
                        then 3
                    else 1
                end
                then 'start'
        end as addon_change,
        case
            when addon_change is distinct from 'start' then addon
            when draw(km, 'which addon') < 0.4 or plan in (1, 11) then 21
            when m >= launch_2 and draw(km, 'which addon') < 0.75 then 23
            when m >= launch_1 then 22
            else 21
        end as addon_now,
    from hazards
),

service as (
    select
        *,
        case
            when planted_case in ('silent_loyalist', 'silent_leaver') then 0
            else poisson_of(
                draw(km, 'tickets'),
                0.075 * exp(clamp(-0.5 * s0 - 0.1 * e0, -1.5, 1.5))
                * case when is_organisation then 1.5 else 0.9 end
                * case when is_contract then 1.1 else 0.6 end
                * case when is_complaining then 12 else 1 end
                * ticket_season
            )
        end as tickets,
        case
            when m = crisis_month
                and (is_active or is_first) and is_contract
                and planted_case not in ('silent_loyalist', 'silent_leaver')
                and draw(km, 'crisis') < crisis_share
                then 1
            else 0
        end as crisis_tickets,
        round(
            0.6 * normal(km, 'service')
            + case
                when is_wrong_tier then -0.6
                when tier = 'A' then 0.4
                when tier = 'B' then 0.2
                when tier = 'C' then 0.0
                else -0.2
            end
            - 0.5 * (load - 1)
            - case when m = crisis_month then 0.4 else 0 end
            + case
                when not is_complaining then 0
                when planted_case = 'frequent_complainer_constructive' then 0.9
                else -0.9
            end,
            6
        ) as service,
        case
            when is_contract or not is_active_now then 0
            else greatest(
                case when tenure = 0 or is_won_back then 1 else 0 end,
                poisson_of(
                    draw(km, 'buys'),
                    buy_rate
                    * case
                        when is_organisation then season_organisation
                        else season_person
                    end
                    * exp(clamp(0.3 * e0 + 0.15 * s0 - 0.2 * p0, -1.5, 1.5))
                    * case
                        when may_be_touched and m <> campaign_month
                            then exp(campaign_effect)
                        else 1
                    end
                )
            )
        end as buys,
        case
            when (is_active or is_won_back) and tenure >= 3
                and draw(km, 'co-creation') < least(0.25, 0.010
                    * exp(0.9 * s0 + 0.9 * e0)
                    * case when is_organisation then 1.5 else 0.5 end)
                then 1
            else 0
        end as co_creations,
    from events
),

-- Where that leaves satisfaction, engagement and price pressure.
after as (
    select
        *,
        round(clamp(
            mu_s + 0.85 * (s0 - mu_s) + 0.22 * normal(km, 's')
            + case when tickets > 0 then clamp(0.30 * service - 0.12, -0.9, 0.4) else 0 end
            - case when crisis_tickets > 0 then 0.9 else 0 end
            - case when is_wrong_tier then 0.08 else 0 end
            - 2.5 * rise
            - case when is_complaining and planted_case = 'frequent_complainer_at_risk'
                then 0.15 else 0 end,
            -4, 4
        ), 6) as s,
        round(clamp(
            mu_e + 0.80 * (e0 - mu_e) + 0.20 * normal(km, 'e') + 0.12 * s0
            - case when is_fading then 0.7 else 0 end
            + case when planted_case = 'frequent_complainer_constructive' then 0.1 else 0 end,
            -4, 4
        ), 6) as e,
        round(clamp(
            mu_p + 0.80 * (p0 - mu_p) + 0.22 * normal(km, 'p') + 8 * rise
            + price_climate,
            -4, 4
        ), 6) as p,
        round(0.9 * co_creation + co_creations, 6) as co_creation_now,
    from service
)

select
    t,
    m,
    km,
    is_active or is_active_now as is_live,
    is_active_now as is_active,
    is_first,
    s0,
    e0,
    p0,
    s,
    e,
    p,
    round(hazard_voluntary, 8) as hazard_voluntary,
    round(hazard_involuntary, 8) as hazard_involuntary,
    case when is_contract and is_won_back then sub_no + 1 else sub_no end as sub_no,
    case when is_contract and is_won_back then change_on else sub_on end as sub_on,
    case when is_contract and is_won_back then m else sub_month end as sub_month,
    case when is_contract and is_won_back then plan else sub_plan end as sub_plan,
    case change_kind when 'upgrade' then plan + 1 when 'downgrade' then plan - 1 else plan end as plan,
    case
        when change_kind is distinct from 'quantity' then quantity
        when draw(km, 'more') < logistic(0.6 + 0.8 * s0 + 0.8 * e0 - 0.6 * p0)
            then quantity + greatest(1, round(quantity * (0.05 + 0.25 * draw(km, 'by'))))::integer
        else quantity - greatest(1, floor(quantity * (0.05 + 0.25 * draw(km, 'by'))))::integer
    end as quantity,
    case change_kind
        when 'price' then round(unit_price * (1 + rise::decimal(6, 4)), 2)
        when 'upgrade' then greatest(
            in_currency(plan_price(plan + 1), after.currency, discount), round(unit_price * 1.15, 2)
        )
        when 'downgrade' then least(
            in_currency(plan_price(plan - 1), after.currency, discount), round(unit_price * 0.85, 2)
        )
        else unit_price
    end::decimal(18, 4) as unit_price,
    case
        when is_first or change_kind is null or change_kind in ('quantity', 'end') then rate
        else rate_now
    end as rate,
    change_kind,
    change_on,
    is_anniversary and is_active and not is_ended as is_renewal,
    case when addon_change = 'end' then null else addon_now end as addon,
    addon_no + case when addon_change = 'start' then 1 else 0 end as addon_no,
    case addon_change when 'start' then quantity when 'end' then null else addon_quantity end
        as addon_quantity,
    case addon_change
        when 'start' then in_currency(plan_price(addon_now), after.currency, discount)
        when 'end' then null
        else addon_price
    end as addon_price,
    case addon_change when 'start' then rate_now when 'end' then null else addon_rate end
        as addon_rate,
    case when addon_change = 'start' then billing_on else addon_on end as addon_on,
    addon_change,
    case when addon_change = 'end' then addon end as addon_before,
    case when is_ended then billing_on when is_active_now then null else ended_on end as ended_on,
    case when is_ended then m when is_active_now then null else ended_month end
        as ended_month,
    case
        when is_active_now then null
        when not is_ended then end_reason
        when is_involuntary then case
            when draw(km, 'reason') < 0.0004 / hazard_involuntary
                then case when is_organisation then 'closure' else 'death' end
            else 'payment_failure'
        end
        when planted_case = 'silent_leaver' then 'no_need'
        when draw(km, 'reason') < 0.25 * logistic(2 * p0) + 0.1 then 'price'
        when draw(km, 'reason') < 0.5 * logistic(-2 * s0) + 0.25 then 'service'
        else pick(km, 'other reason', ['competitor', 'competitor', 'no_need', 'moved', 'other'])
    end as end_reason,
    buys,
    tickets,
    crisis_tickets,
    service,
    is_wrong_tier,
    coalesce(may_be_touched and is_active_now and not is_first, false) as is_touched,
    co_creations,
    co_creation_now as co_creation,
    arm_now as arm,
    case
        when not is_active_now then 0
        when is_won_back or stage = 0 then 1
        when stage = 1 and tenure >= 1 then 2
        when stage = 2 and tenure >= 12 and s > -0.1 then 3
        when stage = 3 and tenure >= 15 and s > 0.2 and e > 0.1 and co_creation_now > 1.2 then 4
        when stage_misses >= 1 and stage = 4 and co_creation_now < 0.8 then 3
        when stage_misses >= 1 and stage = 3 and s < -0.6 then 2
        else stage
    end as stage,
    case
        when (stage = 4 and co_creation_now < 0.8) or (stage = 3 and s < -0.6) then stage_misses + 1
        else 0
    end as stage_misses,
from after
inner join (select currency, m as rate_month, rate as rate_now from exchange_rate) as today
    on today.currency = after.currency and today.rate_month = after.m
    )
)
select * from story where m >= getvariable('first_month');
