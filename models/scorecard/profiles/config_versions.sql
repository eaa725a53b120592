with cells as (

    select * from {{ ref('stg_control__config_cells') }}

),

-- Each state of a row, with what it says of itself.
row_states as (

    select
        cells.seed,
        cells.row_key,
        cells.entity_key,
        cells.from_revision,
        cells.until_revision,
        max(case when cells.column_name = 'profile' then cells.value end) as profile,
        max(case when cells.column_name in ('changed_by', 'author') then cells.value end)
            as changed_by,
        max(case when cells.column_name = 'reason' then cells.value end) as reason,
        cast(max(case when cells.column_name = 'valid_from' then cells.value end) as date)
            as valid_from,
        cast(max(case when cells.column_name = 'valid_until' then cells.value end) as date)
            as valid_until
    from cells
    group by
        cells.seed, cells.row_key, cells.entity_key, cells.from_revision, cells.until_revision

),

-- The same row, written anew.
edited as (

    select
        row_states.*,
        true as is_edit,
        earlier.row_key as earlier_key,
        earlier.from_revision as earlier_revision
    from row_states
    inner join row_states as earlier
        on
            row_states.seed = earlier.seed
            and row_states.row_key = earlier.row_key
            and row_states.from_revision = earlier.until_revision

),

-- A later row of the same thing, which takes over on its first day.
followed as (

    select
        row_states.*,
        false as is_edit,
        earlier.row_key as earlier_key,
        earlier.from_revision as earlier_revision,
        row_number() over (
            partition by row_states.seed, row_states.row_key, row_states.from_revision
            order by earlier.valid_from desc
        ) as nearness
    from row_states
    inner join row_states as earlier
        on
            row_states.seed = earlier.seed
            and row_states.entity_key = earlier.entity_key
            and row_states.valid_from > earlier.valid_from
            and row_states.from_revision >= earlier.from_revision
            and row_states.from_revision < coalesce(earlier.until_revision, 2147483647)
    left join edited
        on
            row_states.seed = edited.seed
            and row_states.row_key = edited.row_key
            and row_states.from_revision = edited.from_revision
    where edited.row_key is null

),

replacing as (

    select * from edited
    union all
    select
        followed.seed,
        followed.row_key,
        followed.entity_key,
        followed.from_revision,
        followed.until_revision,
        followed.profile,
        followed.changed_by,
        followed.reason,
        followed.valid_from,
        followed.valid_until,
        followed.is_edit,
        followed.earlier_key,
        followed.earlier_revision
    from followed
    where followed.nearness = 1

),

columns_of_seeds as (

    select distinct
        cells.seed,
        cells.column_name
    from cells

),

-- That a later row has other days and another reason is what makes it one.
differing as (

    select
        replacing.*,
        columns_of_seeds.column_name,
        befores.value as value_before,
        afters.value as value_after
    from replacing
    inner join columns_of_seeds
        on
            replacing.seed = columns_of_seeds.seed
            and (
                replacing.is_edit
                or columns_of_seeds.column_name
                not in ('valid_from', 'valid_until', 'changed_by', 'author', 'reason')
            )
    left join cells as befores
        on
            replacing.seed = befores.seed
            and replacing.earlier_key = befores.row_key
            and replacing.earlier_revision = befores.from_revision
            and columns_of_seeds.column_name = befores.column_name
    left join cells as afters
        on
            replacing.seed = afters.seed
            and replacing.row_key = afters.row_key
            and replacing.from_revision = afters.from_revision
            and columns_of_seeds.column_name = afters.column_name
    where coalesce(befores.value, '') <> coalesce(afters.value, '')

),

changes as (

    select
        differing.from_revision as revision,
        differing.seed,
        differing.profile,
        differing.row_key,
        case when differing.is_edit then 'edited' else 'changed' end as change,
        differing.column_name,
        differing.value_before,
        differing.value_after,
        differing.changed_by,
        differing.reason,
        case
            when differing.is_edit and differing.column_name = 'valid_until' then
                least(
                    cast(coalesce(differing.value_before, differing.value_after) as date),
                    cast(coalesce(differing.value_after, differing.value_before) as date)
                )
            else differing.valid_from
        end as in_force_from
    from differing
    union all
    -- New rows: what was not there, or what goes on as it was.
    select
        row_states.from_revision as revision,
        row_states.seed,
        row_states.profile,
        row_states.row_key,
        case when replacing.row_key is null then 'added' else 'renewed' end as change,
        '*' as column_name,
        null as value_before,
        null as value_after,
        row_states.changed_by,
        row_states.reason,
        row_states.valid_from as in_force_from
    from row_states
    left join replacing
        on
            row_states.seed = replacing.seed
            and row_states.row_key = replacing.row_key
            and row_states.from_revision = replacing.from_revision
    left join differing
        on
            row_states.seed = differing.seed
            and row_states.row_key = differing.row_key
            and row_states.from_revision = differing.from_revision
    where differing.row_key is null
    union all
    -- Rows that were taken out of the file: as if they had never been.
    select
        row_states.until_revision as revision,
        row_states.seed,
        row_states.profile,
        row_states.row_key,
        'removed' as change,
        '*' as column_name,
        null as value_before,
        null as value_after,
        null as changed_by,
        null as reason,
        row_states.valid_from as in_force_from
    from row_states
    left join edited
        on
            row_states.seed = edited.seed
            and row_states.row_key = edited.row_key
            and row_states.until_revision = edited.from_revision
    where row_states.until_revision is not null and edited.row_key is null
    union all
    -- Rows that end without another that takes over.
    select
        row_states.from_revision as revision,
        row_states.seed,
        row_states.profile,
        row_states.row_key,
        'ended' as change,
        'valid_until' as column_name,
        null as value_before,
        cast(row_states.valid_until as {{ dbt.type_string() }}) as value_after,
        row_states.changed_by,
        row_states.reason,
        row_states.valid_until as in_force_from
    from row_states
    left join edited
        on
            row_states.seed = edited.seed
            and row_states.row_key = edited.row_key
            and row_states.from_revision = edited.from_revision
    left join differing
        on
            row_states.seed = differing.seed
            and row_states.row_key = differing.row_key
            and row_states.from_revision = differing.from_revision
            and differing.column_name = 'valid_until'
    left join row_states as later
        on
            row_states.seed = later.seed
            and row_states.entity_key = later.entity_key
            and row_states.valid_until = later.valid_from
            and row_states.from_revision < coalesce(later.until_revision, 2147483647)
            and row_states.from_revision >= later.from_revision
    where
        row_states.valid_until is not null
        and (edited.row_key is null or differing.row_key is not null)
        and later.row_key is null

),

months as (

    select
        changes.in_force_from,
        min(versions.as_of_date) as in_force_month
    from (select distinct changes.in_force_from from changes) as changes
    inner join {{ ref('scr_config_versions') }} as versions
        on changes.in_force_from <= versions.as_of_date
    group by changes.in_force_from

)

select
    changes.revision,
    changes.seed,
    changes.row_key,
    changes.change,
    changes.column_name,
    changes.profile,
    changes.value_before,
    changes.value_after,
    changes.changed_by,
    changes.reason,
    changes.in_force_from,
    months.in_force_month,
    versions.config_version,
    revisions.known_month,
    revisions.published_month is not null
    and changes.column_name not in ('changed_by', 'author', 'reason')
    and coalesce(changes.in_force_from, revisions.published_month) <= revisions.published_month
        as is_retroactive
from changes
inner join {{ ref('stg_control__config_revisions') }} as revisions
    on changes.revision = revisions.revision
left join months on changes.in_force_from = months.in_force_from
left join {{ ref('scr_config_versions') }} as versions
    on months.in_force_month = versions.as_of_date
