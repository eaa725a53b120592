{#-
    Whether a customer may be contacted for something (handbook C26). What needs consent to
    marketing waits for a consent that is known: a refused and an unknown one alike hold it. Empty
    where `needs_consent` is: there is nothing to contact anybody for.
-#}
{% macro may_contact(consent, needs_consent=none) -%}
    {%- if needs_consent is none -%}
    coalesce({{ consent }}, false)
    {%- else -%}
    case
        when {{ needs_consent }} then coalesce({{ consent }}, false)
        when not {{ needs_consent }} then true
    end
    {%- endif -%}
{%- endmacro %}

{#- Why a contact is held: who refused is left in peace, who was never asked may be asked. -#}
{% macro held_reason(consent, needs_consent=none) -%}
    case
        {%- if needs_consent is not none %}
        when {{ needs_consent }} is null or not {{ needs_consent }} then null
        {%- endif %}
        when {{ consent }} is null then 'consent_unknown'
        when not {{ consent }} then 'consent_refused'
    end
{%- endmacro %}
