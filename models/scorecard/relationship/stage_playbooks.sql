select
    playbooks.stage,
    cast(playbooks.stage_number as integer) as stage_number,
    playbooks.name,
    playbooks.name_zh,
    playbooks.goal,
    playbooks.goal_zh,
    playbooks.strategy,
    playbooks.strategy_zh,
    playbooks.needs_consent
from {{ ref('relationship_playbooks') }} as playbooks
