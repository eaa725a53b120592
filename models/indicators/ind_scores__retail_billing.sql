{{ config(materialized='incremental', incremental_strategy='replace_months') }}
-- depends_on: {{ ref('scorecard_nodes') }}
-- depends_on: {{ ref('indicators') }}
{{ customer_scores('retail_billing') }}
