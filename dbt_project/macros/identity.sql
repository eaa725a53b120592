{#- Identity resolution: normal forms, comparisons of names, clusters, and the settings. What one
    engine alone can do is dispatched here, so that the models stay portable. -#}

{#-
    Every limit and score of identity resolution, by name; a dbt var `identity_<name>` overrides it.

    Scores say how sure a link is, not how probable: 1 is stated, the others are ordered by the
    evidence. `value_holders`: an address or number that more customers hold is a switchboard or a
    placeholder and proves nothing alone; `value_seekers`: the same for the records of one other
    system. `block_records`: so many records of one block are compared by name and address, the rest
    is left out and counted. `rounds`: of the smallest label through a cluster; `account_rounds`: of
    the steps from a customer to the top of its tree, each of which doubles them.
-#}
{% macro identity_setting(name) -%}
    {%- set settings = {
        'score_stated': 1.0,
        'score_email_and_phone': 0.99,
        'score_email_and_name': 0.97,
        'score_email': 0.95,
        'score_phone_and_name': 0.92,
        'score_phone': 0.9,
        'name_similarity': 0.9,
        'name_part_similarity': 0.85,
        'name_contradiction': 0.75,
        'street_similarity': 0.85,
        'value_holders': 10,
        'value_seekers': 50,
        'block_records': 25,
        'rounds': 8,
        'account_rounds': 6,
    } -%}
    {{- return(var('identity_' ~ name, settings[name])) -}}
{%- endmacro %}

{#- A score as the decimal that the models publish. -#}
{% macro identity_score(name) -%}
    cast({{ identity_setting('score_' ~ name) }} as decimal(9, 6))
{%- endmacro %}

{#- Every match of a regular expression replaced. -#}
{% macro replace_pattern(value, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_pattern')(value, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_pattern(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{% macro duckdb__replace_pattern(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{#- Whether a regular expression is found in a text. -#}
{% macro has_pattern(value, pattern) -%}
    {{ return(adapter.dispatch('has_pattern')(value, pattern)) }}
{%- endmacro %}

{% macro default__has_pattern(value, pattern) -%}
    {{ value }} rlike '{{ pattern }}'
{%- endmacro %}

{% macro duckdb__has_pattern(value, pattern) -%}
    regexp_matches({{ value }}, '{{ pattern }}')
{%- endmacro %}

{#- Lower case without accents; everything but letters and digits of any script is a space. -#}
{% macro plain_words(value) -%}
    {{ return(adapter.dispatch('plain_words')(value)) }}
{%- endmacro %}

{% macro default__plain_words(value) -%}
    trim(regexp_replace(lower({{ value }}), '[^\\p{L}\\p{N}]+', ' '))
{%- endmacro %}

{% macro duckdb__plain_words(value) -%}
    trim(regexp_replace(strip_accents(lower({{ value }})), '[^\p{L}\p{N}]+', ' ', 'g'))
{%- endmacro %}

{#- The words of a text in alphabetical order, so that "Smith, Anna" is "Anna Smith". -#}
{% macro sorted_words(value) -%}
    {{ return(adapter.dispatch('sorted_words')(value)) }}
{%- endmacro %}

{% macro default__sorted_words(value) -%}
    array_join(array_sort(split({{ value }}, ' +')), ' ')
{%- endmacro %}

{% macro duckdb__sorted_words(value) -%}
    array_to_string(list_sort(string_split_regex({{ value }}, ' +')), ' ')
{%- endmacro %}

{#- Whether two texts of words have a word in common. -#}
{% macro shares_word(first, second) -%}
    {{ return(adapter.dispatch('shares_word')(first, second)) }}
{%- endmacro %}

{% macro default__shares_word(first, second) -%}
    arrays_overlap(split({{ first }}, ' '), split({{ second }}, ' '))
{%- endmacro %}

{% macro duckdb__shares_word(first, second) -%}
    list_has_any(string_split({{ first }}, ' '), string_split({{ second }}, ' '))
{%- endmacro %}

{#-
    How alike two texts are, 0 to 1: Jaro-Winkler. An engine without it takes the share of letters
    that need no edit, which is stricter.
-#}
{% macro text_similarity(first, second) -%}
    {{ return(adapter.dispatch('text_similarity')(first, second)) }}
{%- endmacro %}

{% macro default__text_similarity(first, second) -%}
    (
        1 - levenshtein({{ first }}, {{ second }})
        / greatest(length({{ first }}), length({{ second }}), 1)
    )
{%- endmacro %}

{% macro duckdb__text_similarity(first, second) -%}
    jaro_winkler_similarity({{ first }}, {{ second }})
{%- endmacro %}

{#-
    An e-mail address for matching: lower case, without the tag after a plus. Null for what is no
    address and for what people write when they have none (test, no-reply and the like).
-#}
{% macro normal_email(value) -%}
    {%- set address = replace_pattern('lower(trim(' ~ value ~ '))', '[+][^@]*@', '@') -%}
    case
        when
            {{ has_pattern(address, '^[^@ ]+@[^@ ]+[.][^@ .]+$') }}
            and not {{ has_pattern(
                address,
                '^(test|tests|testing|no-?reply|do-?not-?reply|none|null|unknown|placeholder|nobody'
                ~ '|noemail|no-?mail|na|n/a|x+)@'
            ) }}
            and not {{ has_pattern(address, '@(noemail|nomail|none|null|unknown)[.]') }}
            then {{ address }}
    end
{%- endmacro %}

{#-
    A telephone number for matching: the last ten digits of the national number, that is without
    extension, without the calling code of a country where the number is written with + or 00, and
    without the zero before the area. So +44 (0)20 7946 0018, 0044 2079460018 and 020 7946 0018 are
    one number, and no country is needed. Null below seven digits, for one digit repeated and for
    digits in a row.
-#}
{% macro normal_phone(value) -%}
    {%- set calling_codes -%}
        ^(00)?(1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9][0-9][0-9])
    {%- endset -%}
    {%- set bare = replace_pattern(
        replace_pattern('lower(' ~ value ~ ')', ' *(ext|extension|x|#).*$', ''), '[(]0[)]', ''
    ) -%}
    {%- set digits = replace_pattern(bare, '[^0-9]+', '') -%}
    {%- set national = replace_pattern(
        'case when ' ~ has_pattern(value, '^[^0-9+]*([+]|00)')
        ~ ' then ' ~ replace_pattern(digits, calling_codes, '')
        ~ ' else ' ~ digits ~ ' end',
        '^0+', ''
    ) -%}
    case
        when
            length({{ national }}) between 7 and 15
            and not {{ has_pattern(
                national, '^(1+|2+|3+|4+|5+|6+|7+|8+|9+|12345678*9*0*|9876543(2(10?)?)?)$'
            ) }}
            then {{ dbt.right(national, 10) }}
    end
{%- endmacro %}

{#-
    A name for comparison: plain words in alphabetical order, without titles and legal forms. Null
    for what people write when they know none.
-#}
{% macro normal_name(value) -%}
    {%- set ignored = [
        'mr', 'mrs', 'ms', 'miss', 'dr', 'prof', 'sir', 'herr', 'frau', 'mme', 'and',
        'ltd', 'limited', 'plc', 'llp', 'llc', 'inc', 'incorporated', 'corp', 'corporation',
        'company', 'co', 'pty', 'gmbh', 'ag', 'kg', 'ohg', 'ug', 'mbh', 'sarl', 'sas', 'sa', 'sl',
        'spa', 'srl', 'bv', 'nv', 'ab', 'oy', 'aps',
    ] -%}
    {%- set form = '(^| )(' ~ ignored | join('|') ~ ')( |$)' -%}
    {#- Twice: neighbours share the space between them. -#}
    {%- set words = replace_pattern(
        replace_pattern(plain_words(value), form, ' '), form, ' '
    ) -%}
    {%- set bare = replace_pattern(words, '(股份)?有限(责任)?公司$', '') -%}
    nullif(
        {{ sorted_words('trim(' ~ replace_pattern(
            bare, '^ *(unknown|none|null|test|n a|na|x+|name|customer|no name|未知|测试)* *$', ''
        ) ~ ')') }},
        ''
    )
{%- endmacro %}

{#- The first, or last, word of a text of words. -#}
{% macro first_word(value) -%} {{ replace_pattern(value, ' .*$', '') }} {%- endmacro %}
{% macro last_word(value) -%} {{ replace_pattern(value, '^.* ', '') }} {%- endmacro %}

{#-
    Whether two normal names agree: equal, or alike as a whole and in their first and last words
    (Marco and Maria Rossi are not), with the same digits (Unit 12 is not Unit 13). Alone it never
    decides anything.
-#}
{% macro names_agree(first, second) -%}
    (
        {{ first }} = {{ second }}
        or (
            {{ text_similarity(first, second) }} >= {{ identity_setting('name_similarity') }}
            and {{ text_similarity(first_word(first), first_word(second)) }}
                >= {{ identity_setting('name_part_similarity') }}
            and {{ text_similarity(last_word(first), last_word(second)) }}
                >= {{ identity_setting('name_part_similarity') }}
            and {{ replace_pattern(first, '[^0-9]', '') }}
                = {{ replace_pattern(second, '[^0-9]', '') }}
        )
    )
{%- endmacro %}

{#-
    Whether two normal names speak of different people: no word in common and not alike. A name in
    another script contradicts nothing: it may be the same one.
-#}
{% macro names_contradict(first, second) -%}
    (
        not {{ shares_word(first, second) }}
        and {{ text_similarity(first, second) }} < {{ identity_setting('name_contradiction') }}
        and {{ has_pattern(first, '[a-z]') }} = {{ has_pattern(second, '[a-z]') }}
    )
{%- endmacro %}

{#-
    CTEs that find pairs of records of one system that are the same customer.

    Expects CTEs `nodes` (as_known, record_key, source_id, is_id_reused) and `held` (as_known,
    record_key, source_id, evidence_kind, value, load_id). Gives the CTE `pairs`: as_known,
    source_id < other_id, link_method, link_score, evidence_load_id, refused_reason (empty: a link).
    A shared e-mail makes a pair; the telephone number or the name must agree too.

    Joins are on one key of state and record: a state alone says little, and an engine that orders
    joins by guess would multiply all records by it.
-#}
{% macro duplicate_pairs(system) -%}
    emails as (

        select
            held.record_key,
            held.source_id,
            held.load_id,
            concat(held.as_known, '|', held.value) as value_key,
            count(*) over (partition by held.as_known, held.value) as holder_count
        from held
        where held.evidence_kind = 'email'

    ),

    email_pairs as (

        select
            emails.record_key,
            others.record_key as other_key,
            min(greatest(emails.load_id, others.load_id)) as email_load_id
        from emails
        inner join emails as others
            on emails.value_key = others.value_key and emails.source_id < others.source_id
        where emails.holder_count <= {{ identity_setting('value_holders') }}
        group by emails.record_key, others.record_key

    ),

    both_hold as (

        select
            email_pairs.record_key,
            email_pairs.other_key,
            min(case
                when held.evidence_kind = 'phone' and held.value = others.value
                    then greatest(held.load_id, others.load_id)
            end) as phone_load_id,
            min(case
                when held.evidence_kind = 'name' and {{ names_agree('held.value', 'others.value') }}
                    then greatest(held.load_id, others.load_id)
            end) as name_load_id,
            coalesce(min(case
                when held.evidence_kind <> 'name' then null
                when {{ names_contradict('held.value', 'others.value') }} then 1
                else 0
            end), 0) = 1 as is_contradicted,
            coalesce(max(case
                when held.evidence_kind = 'name' and held.value = others.value then 1 else 0
            end), 0) = 1 as has_equal_name,
            coalesce(max(case
                when held.evidence_kind <> 'customer_kind' then null
                when held.value = others.value then 1
                else 0
            end), 1) = 1 as is_same_kind,
            coalesce(max(case
                when held.evidence_kind = 'parent_id' and held.value = others.value then 1 else 0
            end), 0) = 1 as has_same_parent
        from email_pairs
        inner join held on email_pairs.record_key = held.record_key
        inner join held as others
            on
                email_pairs.other_key = others.record_key
                and held.evidence_kind = others.evidence_kind
        group by email_pairs.record_key, email_pairs.other_key

    ),

    parents as (

        select
            held.record_key,
            held.value as parent_id
        from held
        where held.evidence_kind = 'parent_id'

    ),

    separated as (

        select distinct
            concat(decisions.as_known, '|{{ system }}|', decisions.source_id) as record_key
        from {{ ref('int_identity_decisions') }} as decisions
        where decisions.decision = 'separate' and decisions.source_system = '{{ system }}'

    ),

    judged as (

        select
            nodes.as_known,
            nodes.source_id,
            other_nodes.source_id as other_id,
            email_pairs.email_load_id,
            both_hold.phone_load_id,
            both_hold.name_load_id,
            case
                when separated.record_key is not null or separated_others.record_key is not null
                    then 'separated_by_hand'
                when nodes.is_id_reused or other_nodes.is_id_reused then 'customer_id_reused'
                when not both_hold.is_same_kind then 'different_kinds'
                when up.record_key is not null or down.record_key is not null
                    then 'parent_and_child'
                when both_hold.has_same_parent and not both_hold.has_equal_name
                    then 'same_parent_other_name'
                when both_hold.is_contradicted then 'names_contradict'
                when both_hold.phone_load_id is null and both_hold.name_load_id is null
                    then 'shared_email'
            end as refused_reason
        from email_pairs
        inner join both_hold
            on
                email_pairs.record_key = both_hold.record_key
                and email_pairs.other_key = both_hold.other_key
        inner join nodes on email_pairs.record_key = nodes.record_key
        inner join nodes as other_nodes on email_pairs.other_key = other_nodes.record_key
        left join parents as up
            on nodes.record_key = up.record_key and other_nodes.source_id = up.parent_id
        left join parents as down
            on other_nodes.record_key = down.record_key and nodes.source_id = down.parent_id
        left join separated on nodes.record_key = separated.record_key
        left join separated as separated_others
            on other_nodes.record_key = separated_others.record_key

    ),

    pairs as (

        select
            judged.as_known,
            judged.source_id,
            judged.other_id,
            'email' as link_method,
            case
                when judged.phone_load_id is not null then {{ identity_score('email_and_phone') }}
                when judged.name_load_id is not null then {{ identity_score('email_and_name') }}
                else {{ identity_score('email') }}
            end as link_score,
            greatest(
                judged.email_load_id,
                coalesce(judged.phone_load_id, judged.name_load_id, judged.email_load_id)
            ) as evidence_load_id,
            judged.refused_reason
        from judged

    )
{%- endmacro %}

{#-
    CTEs that give every node of a graph the smallest node of its part as label.

    Expects the CTE `links` (as_known, source_id, other_id, link_method, link_score,
    evidence_load_id), each link once. Gives the CTEs `ends` (each link seen from both of its ends)
    and `labels`: as_known, source_id, label_key. A round takes the smallest label of the neighbours
    and of the label's own node, so that labels spread faster with every round; a data test proves
    that they spread far enough.
-#}
{% macro connected_labels() -%}
    ends as (

        select
            links.*,
            concat(links.as_known, '|', links.source_id) as node_key,
            concat(links.as_known, '|', links.other_id) as other_key
        from links
        union all
        select
            links.as_known,
            links.other_id as source_id,
            links.source_id as other_id,
            links.link_method,
            links.link_score,
            links.evidence_load_id,
            concat(links.as_known, '|', links.other_id) as node_key,
            concat(links.as_known, '|', links.source_id) as other_key
        from links

    ),

    labels_0 as (

        select
            ends.node_key,
            least(ends.node_key, min(ends.other_key)) as label_key
        from ends
        group by ends.node_key

    ),

    {% for round in range(1, identity_setting('rounds') + 1) -%}
    {%- set before = 'labels_' ~ (round - 1) -%}
    near_{{ round }} as (

        select
            ends.node_key,
            min(neighbours.label_key) as label_key
        from ends
        inner join {{ before }} as neighbours on ends.other_key = neighbours.node_key
        group by ends.node_key

    ),

    labels_{{ round }} as (

        select
            own.node_key,
            least(own.label_key, near.label_key, heads.label_key) as label_key
        from {{ before }} as own
        inner join near_{{ round }} as near on own.node_key = near.node_key
        inner join {{ before }} as heads on own.label_key = heads.node_key

    ),

    {% endfor -%}
    labels as (

        select distinct
            ends.as_known,
            ends.source_id,
            final_labels.label_key
        from labels_{{ identity_setting('rounds') }} as final_labels
        inner join ends on final_labels.node_key = ends.node_key

    )
{%- endmacro %}

{#-
    CTEs that attach records of some systems to customers by e-mail and telephone number.

    Expects CTEs `seekers` (as_known, source_system, source_id, record_key), `members` (record_key,
    customer_key: state and customer), `seeker_evidence` and `customer_evidence`. Gives the CTE
    `matches`: one row per seeker and customer with a value in common: link_method, link_score,
    evidence_load_id, refused_reason (empty: the one link of the seeker).

    A value that one customer holds decides, e-mail before telephone number, unless the names
    contradict. A value that several hold, or values that lead to different customers, decide only
    where e-mail and number lead to the same one, or where the name agrees as well while both held
    the value at the same time.
-#}
{% macro customer_matches() -%}
    seeker_values as (

        select
            evidence.as_known,
            evidence.record_key,
            evidence.source_system,
            evidence.evidence_kind,
            evidence.value,
            concat(evidence.as_known, '|', evidence.evidence_kind, '|', evidence.value)
                as value_key,
            evidence.valid_from,
            evidence.valid_to,
            evidence.load_id,
            count(*) over (
                partition by
                    evidence.as_known, evidence.source_system, evidence.evidence_kind,
                    evidence.value
            ) as seeker_count
        from seeker_evidence as evidence
        inner join seekers on evidence.record_key = seekers.record_key
        where evidence.evidence_kind in ('email', 'phone', 'name')

    ),

    sought as (

        select distinct
            seeker_values.as_known,
            seeker_values.evidence_kind,
            seeker_values.value,
            seeker_values.value_key
        from seeker_values
        where seeker_values.evidence_kind in ('email', 'phone')

    ),

    -- Grouped twice, so that each step joins what the one before left, whatever the engine guesses.
    found_evidence as (

        select
            evidence.record_key,
            sought.value_key,
            min(evidence.valid_from) as valid_from,
            case
                when count(*) = count(evidence.valid_to) then max(evidence.valid_to)
            end as valid_to,
            min(evidence.load_id) as load_id
        from sought
        inner join customer_evidence as evidence
            on
                sought.value = evidence.value
                and sought.evidence_kind = evidence.evidence_kind
                and sought.as_known = evidence.as_known
        group by evidence.record_key, sought.value_key

    ),

    found as (

        select
            members.customer_key,
            found_evidence.value_key,
            min(found_evidence.valid_from) as valid_from,
            case
                when count(*) = count(found_evidence.valid_to) then max(found_evidence.valid_to)
            end as valid_to,
            min(found_evidence.load_id) as load_id
        from found_evidence
        inner join members on found_evidence.record_key = members.record_key
        group by members.customer_key, found_evidence.value_key

    ),

    found_values as (

        select
            found.*,
            count(*) over (partition by found.value_key) as holder_count
        from found

    ),

    met as (

        select distinct
            seeker_values.record_key,
            found_values.customer_key
        from seeker_values
        inner join found_values on seeker_values.value_key = found_values.value_key
        where
            seeker_values.seeker_count <= {{ identity_setting('value_seekers') }}
            and found_values.holder_count <= {{ identity_setting('value_holders') }}

    ),

    met_values as (

        select
            met.record_key,
            met.customer_key,
            min(case
                when seeker_values.evidence_kind = 'email'
                    then greatest(seeker_values.load_id, found.load_id)
            end) as email_load_id,
            min(case
                when seeker_values.evidence_kind = 'phone'
                    then greatest(seeker_values.load_id, found.load_id)
            end) as phone_load_id,
            max(case
                when
                    seeker_values.valid_from
                    < coalesce(found.valid_to, cast('9999-12-31' as timestamp))
                    and found.valid_from
                    < coalesce(seeker_values.valid_to, cast('9999-12-31' as timestamp))
                    then 1
                else 0
            end) = 1 as is_overlapping
        from met
        inner join seeker_values on met.record_key = seeker_values.record_key
        inner join found
            on
                met.customer_key = found.customer_key
                and seeker_values.value_key = found.value_key
        group by met.record_key, met.customer_key

    ),

    -- The names and kinds of those whom a record met.
    met_members as (

        select distinct
            members.record_key,
            members.customer_key
        from met
        inner join members on met.customer_key = members.customer_key

    ),

    customer_names as (

        select
            met_members.customer_key,
            evidence.evidence_kind,
            evidence.value,
            min(evidence.load_id) as load_id
        from met_members
        inner join customer_evidence as evidence on met_members.record_key = evidence.record_key
        where evidence.evidence_kind in ('name', 'customer_kind')
        group by met_members.customer_key, evidence.evidence_kind, evidence.value

    ),

    met_names as (

        select
            met.record_key,
            met.customer_key,
            min(case
                when {{ names_agree('seeker_values.value', 'customer_names.value') }}
                    then greatest(seeker_values.load_id, customer_names.load_id)
            end) as name_load_id,
            min(case
                when {{ names_contradict('seeker_values.value', 'customer_names.value') }} then 1
                else 0
            end) = 1 as is_contradicted
        from met
        inner join seeker_values
            on met.record_key = seeker_values.record_key and seeker_values.evidence_kind = 'name'
        inner join customer_names
            on
                met.customer_key = customer_names.customer_key
                and customer_names.evidence_kind = 'name'
        group by met.record_key, met.customer_key

    ),

    kinds as (

        select
            customer_names.customer_key,
            max(case when customer_names.value = 'organisation' then 1 else 0 end) = 1
                as is_organisation
        from customer_names
        where customer_names.evidence_kind = 'customer_kind'
        group by customer_names.customer_key

    ),

    compared as (

        select
            seekers.as_known,
            seekers.source_system,
            seekers.source_id,
            met_values.record_key,
            met_values.customer_key,
            met_values.email_load_id,
            met_values.phone_load_id,
            met_values.is_overlapping,
            met_names.name_load_id,
            met_names.record_key is not null as is_named,
            coalesce(met_names.is_contradicted, false) as is_contradicted,
            coalesce(kinds.is_organisation, false) as is_organisation
        from met_values
        inner join seekers on met_values.record_key = seekers.record_key
        left join met_names
            on
                met_values.record_key = met_names.record_key
                and met_values.customer_key = met_names.customer_key
        left join kinds on met_values.customer_key = kinds.customer_key

    ),

    graded as (

        select
            compared.*,
            case
                when compared.email_load_id is not null and compared.phone_load_id is not null
                    then 'email_and_phone'
                when
                    compared.email_load_id is not null
                    and compared.name_load_id is not null
                    and compared.is_overlapping
                    then 'email_and_name'
                when compared.email_load_id is not null then 'email'
                when compared.name_load_id is not null and compared.is_overlapping
                    then 'phone_and_name'
                else 'phone'
            end as grade,
            -- The one who writes for an organisation bears another name, an account of it does not.
            case
                when compared.source_system <> 'billing' and compared.is_organisation then false
                when compared.is_contradicted then true
                when compared.email_load_id is not null then false
                when compared.is_organisation then false
                else compared.is_named and compared.name_load_id is null
            end as is_other_name
        from compared

    ),

    counted as (

        select
            graded.*,
            graded.name_load_id is not null and graded.is_overlapping as is_corroborated,
            {% set of_seeker -%}
            over (partition by graded.record_key)
            {%- endset -%}
            count(*) {{ of_seeker }} as customer_count,
            sum(case when graded.grade = 'email_and_phone' then 1 else 0 end) {{ of_seeker }}
                as email_and_phone_count,
            sum(case
                when
                    graded.grade = 'email_and_phone'
                    and graded.name_load_id is not null
                    and graded.is_overlapping
                    then 1
                else 0
            end) {{ of_seeker }} as named_email_and_phone_count,
            sum(case when graded.grade = 'email_and_name' then 1 else 0 end) {{ of_seeker }}
                as email_and_name_count,
            sum(case when graded.grade = 'phone_and_name' then 1 else 0 end) {{ of_seeker }}
                as phone_and_name_count,
            max(case when graded.email_load_id is not null then 1 else 0 end) {{ of_seeker }}
                as has_email,
            max(case when graded.phone_load_id is not null then 1 else 0 end) {{ of_seeker }}
                as has_phone
        from graded

    ),

    chosen as (

        select
            counted.*,
            case
                when counted.grade = 'email_and_phone'
                    then
                        counted.email_and_phone_count = 1
                        or (counted.is_corroborated and counted.named_email_and_phone_count = 1)
                when counted.email_and_phone_count > 0 then false
                when counted.grade = 'email_and_name' then counted.email_and_name_count = 1
                when counted.email_and_name_count > 0 then false
                when counted.grade = 'phone_and_name' then counted.phone_and_name_count = 1
                else counted.customer_count = 1 and not counted.is_other_name
            end as is_link
        from counted

    ),

    matches as (

        select
            chosen.as_known,
            chosen.source_system,
            chosen.source_id,
            replace(chosen.customer_key, concat(chosen.as_known, '|'), '') as customer_id,
            case when chosen.email_load_id is null then 'phone' else 'email' end as link_method,
            case chosen.grade
                when 'email_and_phone' then {{ identity_score('email_and_phone') }}
                when 'email_and_name' then {{ identity_score('email_and_name') }}
                when 'email' then {{ identity_score('email') }}
                when 'phone_and_name' then {{ identity_score('phone_and_name') }}
                else {{ identity_score('phone') }}
            end as link_score,
            greatest(
                coalesce(chosen.email_load_id, chosen.phone_load_id),
                case
                    when chosen.grade = 'email_and_phone' then chosen.phone_load_id
                    when chosen.grade in ('email_and_name', 'phone_and_name')
                        then chosen.name_load_id
                    else coalesce(chosen.email_load_id, chosen.phone_load_id)
                end
            ) as evidence_load_id,
            case
                when chosen.is_link then cast(null as varchar)
                when chosen.customer_count = 1 then 'names_contradict'
                when
                    chosen.email_and_phone_count = 0
                    and chosen.has_email = 1
                    and chosen.has_phone = 1
                    then 'email_and_phone_disagree'
                when chosen.email_load_id is not null then 'shared_email'
                else 'shared_phone'
            end as refused_reason
        from chosen

    )
{%- endmacro %}

{#-
    CTE `name` (with as_known): what records said as known in each state that is compared. A value
    whose end came with a later load had not ended then. All that is staged is known now, so only
    the state before is cut by load (and the engine knows how many rows to expect). `condition`
    leaves the evidence that is needed.
-#}
{% macro evidence_as_known(name, condition) -%}
    {{ name }} as (

        select
            'now' as as_known,
            concat('now|', evidence.source_system, '|', evidence.source_id) as record_key,
            evidence.source_system,
            evidence.source_id,
            evidence.evidence_kind,
            evidence.value,
            evidence.is_contact,
            evidence.valid_from,
            evidence.valid_to,
            evidence.load_id
        from {{ ref('int_identity_evidence') }} as evidence
        where {{ condition }}
        union all
        select
            states.as_known,
            concat('before|', evidence.source_system, '|', evidence.source_id) as record_key,
            evidence.source_system,
            evidence.source_id,
            evidence.evidence_kind,
            evidence.value,
            evidence.is_contact,
            evidence.valid_from,
            case
                when evidence.ended_load_id <= states.load_limit then evidence.valid_to
            end as valid_to,
            evidence.load_id
        from {{ ref('int_identity_evidence') }} as evidence
        inner join {{ ref('int_identity_states') }} as states
            on evidence.load_id <= states.load_limit and states.as_known = 'before'
        where {{ condition }}

    )
{%- endmacro %}

{#-
    CTE `records` (with as_known): the records as known in each state that is compared;
    `has_version` says whether the record itself was known, not only facts that name it.
-#}
{% macro records_as_known() -%}
    records as (

        select
            'now' as as_known,
            concat('now|', records.source_system, '|', records.source_id) as record_key,
            records.source_system,
            records.source_id,
            records.first_recorded_at,
            records.first_seen_at,
            records.first_load_id,
            records.version_load_id is not null as has_version,
            records.is_id_reused
        from {{ ref('int_identity_records') }} as records
        union all
        select
            states.as_known,
            concat('before|', records.source_system, '|', records.source_id) as record_key,
            records.source_system,
            records.source_id,
            records.first_recorded_at,
            records.first_seen_at,
            records.first_load_id,
            coalesce(records.version_load_id <= states.load_limit, false) as has_version,
            coalesce(records.id_reused_load_id <= states.load_limit, false) as is_id_reused
        from {{ ref('int_identity_records') }} as records
        inner join {{ ref('int_identity_states') }} as states
            on records.first_load_id <= states.load_limit and states.as_known = 'before'

    )
{%- endmacro %}
