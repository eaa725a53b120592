select
    ind_rfm_cutoffs.as_of_date,
    ind_rfm_cutoffs.dimension,
    ind_rfm_cutoffs.learnt_on,
    ind_rfm_cutoffs.is_provisional,
    ind_rfm_cutoffs.customer_count,
    ind_rfm_cutoffs.cut_1,
    ind_rfm_cutoffs.cut_2,
    ind_rfm_cutoffs.cut_3,
    ind_rfm_cutoffs.cut_4
from {{ ref('ind_rfm_cutoffs') }} as ind_rfm_cutoffs
