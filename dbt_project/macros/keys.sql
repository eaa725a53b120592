{#-
    The resolved customer's key, made from the identifier that anchors the customer. Deterministic:
    the same anchor gives the same key in every run and release.
-#}
{% macro customer_key(anchor) -%}
    concat('cus_', substr(md5({{ anchor }}), 1, 16))
{%- endmacro %}
