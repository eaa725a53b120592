"""The Chinese of every text of the pages that are written in both languages.

Belongs here: texts of the code and its templates. Not here: names of indicators, measures,
profiles, stages and practices, which the catalogue and the seeds hold in both languages.

The English text is the key, so that a page reads in the code as it does on the screen. A text
without its Chinese is an error when a Chinese page is made, never an English word in it; a test
looks for every text of the pages here.
"""

CHINESE: dict[str, str] = {
    # Names that several pages share.
    "Customer search": "客户查询",
    "Scorecards": "记分卡",
    "Overview": "总览",
    "Score": "得分",
    "Band": "等级",
    "Tier": "价值等级",
    "Trend": "趋势",
    "Profile": "记分卡",
    "Customer": "客户",
    "Coverage": "覆盖率",
    "red": "红",
    "amber": "黄",
    "green": "绿",
    "none": "无",
    "Red": "红",
    "Amber": "黄",
    "Green": "绿",
    "No score": "无得分",
    "up": "上升",
    "down": "下降",
    "flat": "平稳",
    "n/a": "无法比较",
    "Measure": "指标",
    "Weight": "权重",
    "Change": "变化",
    "not measured": "未测量",
    # The balanced scorecard of the company.
    "The company as a whole": "公司整体",
    "too little of the balanced scorecard is measured": "平衡计分卡中已测量的部分太少",
    "The company's customer business in five perspectives, each measure against its "
    "target: 75 is a target just met, 100 is what could be reached at best.": (
        "从五个角度看公司的客户业务，每项指标对照其目标：75 分表示刚好达到目标，100 分表示最"
        "好可达到的水平。"
    ),
    "Perspectives": "角度",
    "Perspective": "角度",
    "Score of each perspective, 0 to 100.": "各角度得分，0 到 100。",
    "Weighted mean of the scores of its measures, without those that are missing.": (
        "各指标得分的加权平均，缺失的指标不计入。"
    ),
    "Balanced score by month": "各月平衡得分",
    "Score of the company as a whole.": "公司整体得分。",
    "A month without a score had too little measured.": "没有得分的月份，已测量的部分太少。",
    "The score is {score}, {change} since the month before: {value} by what is measured, "
    "{scale} by targets, {weights} by weights, {coverage} by what began or ceased to be "
    "measured.": (
        "得分为 {score}，较上月 {change}：其中测量值 {value}，目标 {scale}，权重 {weights}，"
        "开始或停止测量的指标 {coverage}。"
    ),
    "Most would be gained by “{measure}”: {gain} points at its target.": (
        "提升空间最大的是“{measure}”：达到目标可增加 {gain} 分。"
    ),
    "Targets, actuals and trend": "目标、实际值与趋势",
    "Actual": "实际值",
    "Target": "目标",
    "Set by": "设定者",
    "the company": "公司",
    "the product": "产品默认",
    "Contribution": "贡献",
    "The contributions sum to the score. Up and down are more than what is usual from "
    "month to month. Darker: nearer to what could be reached.": (
        "贡献之和等于得分。上升和下降表示超出通常的月度波动。颜色越深，越接近可达到的水平。"
    ),
    "months": "个月",
    "times": "倍",
    # The customer search.
    "Pages": "页面",
    "Why each customer has the score it has, what changed it, and what would raise it.": (
        "每位客户的得分从何而来、为何变化、怎样才能提高。"
    ),
    "Not shown": "未显示",
    "The scorecard is not in this release: its data product has never passed its gate.": (
        "本次发布不含记分卡：其数据产品从未通过检查。"
    ),
    "The scorecard has no row in this release.": "本次发布的记分卡没有数据。",
    "There are too many customers for a page of files. Use `scorecard explain CUSTOMER`, "
    "or the mart customer_scorecard.": (
        "客户过多，无法放入页面。请使用 `scorecard explain CUSTOMER` 或数据表 customer_scorecard。"
    ),
    "Id or organisation": "编号或机构名称",
    "All bands": "所有等级",
    "All tiers": "所有价值等级",
    "Order": "排序",
    "Lowest score first": "得分由低到高",
    "Highest score first": "得分由高到低",
    "Fell most first": "下降最多在前",
    "Rose most first": "上升最多在前",
    "By id": "按编号",
    "Loading": "正在加载",
    "Customers": "客户",
    "Choose a customer.": "请选择一位客户。",
    "This page needs JavaScript.": "本页需要 JavaScript。",
    "A dash means not measured; it is never taken as zero. Contributions sum to the score before "
    "exceptions.": "短横线表示未测量，绝不当作零。各项贡献之和等于例外处理前的得分。",
    "{n} of {all} customers": "{all} 位客户中的 {n} 位",
    "The data of this customer cannot be loaded:": "无法加载该客户的数据：",
    "Health and risk contradict each other": "健康度与流失风险相互矛盾",
    "Since last month": "较上月",
    "Leaves within 6 months": "6个月内流失概率",
    "Risk band": "风险等级",
    "What the customer may be worth": "客户的预期价值",
    "Value of the next {n} months": "未来{n}个月的价值",
    "90 % interval {low} to {high}": "90% 区间 {low} 至 {high}",
    "no interval can be given": "无法给出区间",
    "Counted is the margin.": "按毛利计算。",
    "Counted is the revenue.": "按收入计算。",
    "90 % interval: of ten such customers nine are expected to be worth something inside it. It is "
    "wide, because what one customer will do is mostly chance.": "90% 区间：十位此类客户中，"
    "预计有九位的价值落在区间内。单个客户的行为多属偶然，故区间较宽。",
    "Next best lever": "最佳改进点",
    "Where the score comes from": "得分的构成",
    "Sum": "合计",
    "Dimensions": "维度",
    "coverage {share}": "覆盖率 {share}",
    "History": "历史",
    "Computed {score}; changed by the exception {id}.": "计算得分 {score}；被例外规则 {id} 更改。",
    "Set by {team} until {until}: {reason}": "由 {team} 设定，有效至 {until}：{reason}",
    "{n} days old": "{n} 天前的数据",
    "score {score}": "得分 {score}",
    "{n} source rows": "{n} 行源数据",
    "weight {share}": "权重 {share}",
    "Values measured": "测量值",
    "Scale and targets": "尺度与目标",
    "Configuration": "配置",
    "Exceptions": "例外",
    "Overrides": "人工设定",
    "Since last month: {from} to {to}": "较上月：由 {from} 变为 {to}",
    "Measures that moved it most": "影响最大的指标",
    "no evidence for this customer": "该客户无数据",
    "no data": "无数据",
    "Not measured": "未测量",
    # What every page of the report has.
    "Nothing to list.": "无内容。",
    "The figures stand in the table below.": "数据见下表。",
    "Figures and definition": "数据与定义",
    "Definition": "定义",
    "customer scorecard": "客户记分卡",
    "data to": "数据截至",
    "release": "发布",
    "Part of this page is older than the release": "本页部分内容早于本次发布",
    "absent": "缺失",
    "you see the last good version, of": "显示最近的合格版本，日期",
    "Reason": "原因",
    "Nothing of this page is measured as one figure": "本页没有可用单一数字表示的内容",
    "The sections below say why.": "原因见下文各节。",
    "as of": "截至",
    "Held: last good version": "已扣留：最近的合格版本",
    "not measured since": "此后未测量",
    "later months are not decided yet": "其后月份的结果尚未可知",
    "About this page": "关于本页",
    "Release": "发布",
    "to": "至",
    "Where figures come from": "数据来源",
    "the mart and columns named beside them": "数字旁注明的数据表与列",
    "A dash, “not measured”": "短横线、“未测量”",
    "the data cannot say it; it is never taken as zero": "数据无法说明；绝不当作零",
    "Small n": "样本少",
    "rests on few cases: do not rank by it": "依据的案例很少：不宜据此排名",
    "one to four, and a larger group that would give them away: not told, nor what rests on them": (
        "一至四个，以及会暴露它们的较大一组：不予显示，依其计算者亦然"
    ),
    "Data quality": "数据质量",
    "All rules and results": "所有规则与结果（英文）",
    # The page of the scorecards.
    "How do our customers stand, by each scorecard, and what moved them?": (
        "按各记分卡，我们的客户状况如何，因何变化？"
    ),
    "Scorecards and bands": "记分卡与等级",
    "Months": "月份",
    "Tiers": "价值等级",
    "What moved the scores": "得分变化的原因",
    "no customer has a score in two months in a row": "没有客户连续两个月有得分",
    "Value and risk": "价值与风险",
    "no customer has both a score and a churn probability": "没有客户同时有得分和流失概率",
    "Health and risk apart": "健康度与风险的分歧",
    "health and risk agree for every customer, or one of both is not measured": (
        "所有客户的健康度与风险一致，或其中之一未测量"
    ),
    "Customers by band": "各等级客户数",
    "How many customers stand in which band of each scorecard.": "各记分卡中每个等级的客户数。",
    "The band comes from the score after exceptions and overrides. No score: too little of the "
    "scorecard's weight is measured for the customer.": (
        "等级由例外和人工设定之后的得分决定。无得分：该客户测量到的权重过少。"
    ),
    "A customer has one score for each scorecard that the data can fill. Coverage is the share of "
    "the weight that is measured.": (
        "数据足以支持的每张记分卡都给客户一个得分。覆盖率是测量到的权重所占份额。"
    ),
    "By “{profile}”, {green} customers are green, {amber} amber and {red} red; the mean score is "
    "{mean}.": "按“{profile}”，{green} 位客户为绿，{amber} 位为黄，{red} 位为红；平均得分 {mean}。",
    "mean of {n} scores, {red} red": "{n} 个得分的平均，{red} 为红",
    "Mean score of all customers that have one.": "所有有得分客户的平均得分。",
    "How the scores moved over the months; not every customer is in every month.": (
        "各月得分的变化；并非每位客户每月都在。"
    ),
    "Mean score": "平均得分",
    "Mean of the scores of all customers that have one.": "所有有得分客户的平均。",
    "Share of red customers": "红色客户占比",
    "Of the customers that have a score.": "占有得分客户的比例。",
    "Red customers divided by the customers that have a score.": "红色客户数除以有得分的客户数。",
    "No tier": "无价值等级",
    "The same scorecards by value tier. Targets differ by tier, so a score of tier A and one of "
    "tier D say how each stands against its own target.": (
        "按价值等级列出同样的记分卡。目标因等级而异，所以得分表示客户相对本等级目标的状况。"
    ),
    "Compared": "可比客户",
    "Change of the mean": "平均变化",
    "Up": "上升",
    "Flat": "平稳",
    "Down": "下降",
    "The change of each customer's score since the month before is taken apart exactly; these are "
    "the means of the parts, and they sum to the mean change.": (
        "每位客户较上月的得分变化都被精确分解；下表是各部分的平均，其和等于平均变化。"
    ),
    "Mean change since the month before, by cause": "较上月平均变化（按原因）",
    "Of customers with a score in both months. A change within the dead band of the measure's own "
    "noise counts as flat.": "两个月均有得分的客户。在自身噪声死区内的变化视为平稳。",
    "Value says whom it is worth to keep, risk says who is about to leave; they are never mixed "
    "into one number.": "价值说明值得留住谁，风险说明谁将离开；二者绝不混成一个数字。",
    "{urgent} of {all} customers ({share}) have a score of 60 or more and leave within six months "
    "with a probability of 25 % or more.": (
        "{all} 位客户中有 {urgent} 位（{share}）得分在 60 以上，且6个月内流失概率在 25 % 以上。"
    ),
    "Customers by score of “{profile}” and churn probability": (
        "按“{profile}”得分与流失概率划分的客户数"
    ),
    "A step holds its lower end, the highest also its upper one.": (
        "每档包含下限，最高一档也包含上限。"
    ),
    "unhealthy, yet risk is low": "不健康，但风险低",
    "healthy, yet at risk": "健康，但有风险",
    "Health is made of what can be acted on, risk of what predicts. Where they stand two bands "
    "apart, one of them misses something: look at the customer.": (
        "健康度由可行动的指标构成，风险由预测构成。二者相差两级时，必有一方有所遗漏：请查看该客户。"
    ),
    "{n} customers; {listed} are listed, all are in the mart contradictions.": (
        "{n} 位客户；列出 {listed} 位，全部见数据表 contradictions。"
    ),
    "Customers whose health and risk contradict each other": "健康度与风险相互矛盾的客户",
    "Health score": "健康度得分",
    "What disagrees": "矛盾之处",
    "Scorecards that the data cannot fill": "数据不足的记分卡",
    "Measurable weight": "可测量权重",
    "It lacks": "缺少",
    "At least 60 % of the weight must be measurable; these are refused.": (
        "至少须能测量 60 % 的权重；否则不予采用。"
    ),
    "Shares are of the customers that have a score.": "占比以有得分的客户为分母。",
    "Scored": "有得分",
    "Month": "月份",
    # The frame of a page.
    "Sections": "各部分",
    "At a glance": "概览",
    "Simulated figures": "模拟数据",
    "small n": "样本少",
    "All": "全部",
    "95 % interval": "95 % 区间",
    "{low} to {high}": "{low} 至 {high}",
    "{n} of {all}": "{n}/{all}",
    "Scorecard": "记分卡",
    "the last good version of {mart} is of an older release, without {columns}": (
        "{mart} 的最近合格版本来自较早的发布，没有 {columns}"
    ),
    "{mart} did not pass its gate: {reason}": "{mart} 未通过检查：{reason}",
    "{mart} is not in this release": "{mart} 不在本次发布中",
    # Stages of relationships.
    "Relationship stages": "关系阶段",
    "Which relationships grow, and which decline?": "哪些客户关系在成长，哪些在衰退？",
    "Health, silence, credit and what goes together are told on the English page.": (
        "健康度、沉默客户、信用及相关性各节见英文页面。"
    ),
    "Stages and decline": "阶段与衰退",
    "Who moved where": "阶段变动",
    "no stage could be judged": "无法判断任何阶段",
    "A relationship grows in stages and skips none: one up a month at most, one down after two "
    "months in which the stage’s own rules fail. Declining: those rules fail now, or the stage "
    "fell in the last three months.": (
        "客户关系逐级成长，不跳级：每月最多上升一级；所处阶段的条件连续两个月不满足才下降一级。衰退"
        "：条件目前不满足，或最近三个月内阶段下降。"
    ),
    "{falling} of {count} relationships are declining; {worth} of the last twelve months’ revenue "
    "is theirs. {left} customers have left.": (
        "{count} 个客户关系中有 {falling} 个在衰退，涉及最近十二个月收入 {worth}。{left} 位客户已流"
        "失。"
    ),
    "{falling} of {count} relationships are declining, worth {worth} a year.": (
        "{count} 个客户关系中有 {falling} 个在衰退，年收入 {worth}。"
    ),
    "Declining": "衰退中",
    "Holding": "稳定",
    "{share} of those in a stage": "占有阶段客户的 {share}",
    "The rules of the own stage fail now, or the stage fell in three months.": (
        "所处阶段的条件目前不满足，或三个月内阶段下降。"
    ),
    "Value at stake there": "涉及的价值",
    "revenue of twelve months of the declining": "衰退客户的十二个月收入",
    "Revenue of the last twelve months of the customers whose relationship is declining. It is not "
    "a forecast of what will be lost.": (
        "关系正在衰退的客户最近十二个月的收入，并非对损失的预测。"
    ),
    "Relationships by stage": "各阶段的客户关系",
    "Customers in each stage, the declining ones apart.": "各阶段的客户数，衰退中的单独列出。",
    "Stage": "阶段",
    "Their revenue, 12 m": "其十二个月收入",
    "The highest stage all of whose entry rules hold.": "满足全部进入条件的最高阶段。",
    "What to do in each stage": "各阶段的做法",
    "Goal": "目标",
    "Strategy": "策略",
    "Needs consent": "需营销同意",
    "Yes": "是",
    "No": "否",
    "Needs consent: not for a customer who has not agreed to marketing.": (
        "需营销同意：未同意营销的客户不得联系。"
    ),
    "Each row holds the customers of a stage at the start; where they stand at the end is read "
    "along the row.": ("每行是期初处于某一阶段的客户；沿行可见其期末所处阶段。"),
    "the month": "本月",
    "{n} months": "{n} 个月",
    "In {span} {up} relationships rose a stage, {down} fell back and {gone} customers left.": (
        "{span}内，{up} 个客户关系上升，{down} 个下降，{gone} 位客户流失。"
    ),
    "Moves of the month": "本月变动",
    "Moves of {n} months": "{n} 个月的变动",
    "From": "期初阶段",
    "At the start": "期初",
    "left": "流失",
    "to {stage}": "至{stage}",
    "Number of customers; darker: a larger share of the stage. A dot: nobody. Fewer than {few} are "
    "not counted out.": (
        "客户数；颜色越深，占该阶段的比例越大。圆点：无人。少于 {few} 位时不列出数字。"
    ),
    # The overview.
    "How do our customers stand?": "我们的客户状况如何？",
    "Customers, revenue and scores": "客户、收入与得分",
    "no customer has a score": "尚无客户有得分",
    "Who may leave": "可能流失的客户",
    "no customer has a churn probability": "尚无客户有流失概率",
    "Sources, reconciliation, model cards and data quality are told on the English page.": (
        "数据来源、对账、模型卡与数据质量见英文页面。"
    ),
    "The score is that of “{name}”; the page of the scorecards has all.": (
        "此处得分为“{name}”；全部得分见记分卡页面。"
    ),
    "{n} of them active": "其中活跃 {n}",
    "All customers, and those who bought recently for their kind.": (
        "全部客户，及其中按各自购买节奏近期有购买者。"
    ),
    "of all customers": "全部客户",
    "Invoices less credits of the twelve months up to the day.": "截至当日十二个月的发票额减贷项。",
    "{n} customers": "{n} 位客户",
    "Month by month, all customers.": "逐月，全部客户。",
    "By value tier": "按价值等级",
    "Active": "活跃",
    "High": "高",
    "Medium": "中",
    "Low": "低",
    "The probability of leaving within six months: low below 25 %, high above 40 %.": (
        "六个月内流失的概率：低于 25 % 为低，高于 40 % 为高。"
    ),
    "Of {n} customers about {expected} are expected to leave.": (
        "{n} 位客户中预计约 {expected} 位将流失。"
    ),
    "Customers by risk": "各风险等级客户数",
    "Mean probability": "平均概率",
    "{active} of {all} customers are active; revenue of twelve months {revenue}; the mean score is "
    "{mean}.": "{all} 位客户中 {active} 位活跃；十二个月收入 {revenue}；平均得分 {mean}。",
    # Value segments and organisations.
    "Value segments": "价值分群",
    "no yearly review has set the cuts yet": "尚无年度复核确定分界",
    "Current value, potential and relationship, each above or below the median of the yearly "
    "review of {day}: eight cells with a strategy each. Whoever has no score of one of the three "
    "is not classified.": (
        "按当前价值、潜力与关系是否高于{day}年度复核的中位数，分为八格，每格各有策略。三者缺一得分"
        "者不分类。"
    ),
    "“{cell}” holds {customers} of the customers and {revenue} of the revenue of twelve months.": (
        "“{cell}”占客户的 {customers}，占十二个月收入的 {revenue}。"
    ),
    "“{cell}”: {n} customers of high value and potential, worth {worth} a year, whose relationship "
    "is weak.": ("“{cell}”：{n} 位客户价值与潜力高而关系弱，年收入 {worth}。"),
    "Not classified": "未分类",
    "a score is missing": "缺少得分",
    "{current} value, {potential} potential, {relationship} relationship": (
        "价值{current}、潜力{potential}、关系{relationship}"
    ),
    "high": "高",
    "low": "低",
    "Customers and revenue by segment": "各分群的客户与收入",
    "Share of all customers and of their revenue of twelve months.": (
        "占全部客户及其十二个月收入的比例。"
    ),
    "Revenue": "收入",
    "A segment far to the right in revenue and far to the left in customers is what the company "
    "lives on.": ("收入占比远高于客户占比的分群是企业赖以生存的客户。"),
    "Segments of “{name}”": "“{name}”的分群",
    "Segment": "分群",
    "What to do in each segment": "各分群的做法",
    "What it is": "特征",
    "Share": "占比",
    "Revenue, 12 m": "十二个月收入",
    "Share of revenue": "收入占比",
    "Customers in each segment, by scorecard": "各记分卡的分群客户数",
    "Darker: a larger share of the scorecard's customers.": "颜色越深，占该记分卡客户的比例越大。",
    "Organisations": "机构",
    "no organisation has several customers": "没有拥有多个客户的机构",
    "An organisation with several customers has a score too, in three ways: of its own profile, "
    "and as the mean of its customers weighted by number or by contract value. The mean hides; so "
    "the worst customer stands beside it.": (
        "拥有多个客户的机构也有得分，算法有三：自身得分，以及其客户按数量或按合同价值加权的平均。平"
        "均会掩盖问题，因此旁列最差客户。"
    ),
    "{n} of {all} organisations with several customers have a score; in {red} of them a customer "
    "is red.": ("{all} 家拥有多个客户的机构中 {n} 家有得分；其中 {red} 家有红色客户。"),
    "Organisations whose worst customer stands furthest below them": (
        "最差客户得分远低于整体的机构"
    ),
    "Organisation": "组织管理",
    "Parent organisation": "机构",
    "Contract value": "合同价值",
    "Own profile": "自身得分",
    "By number": "按数量",
    "By contract value": "按合同价值",
    "own profile": "自身得分",
    "by number": "按数量加权",
    "by contract value": "按合同价值加权",
    "Worst customer": "最差客户",
    "Its score": "其得分",
    "What costs them most points, and what moved them": "失分最多之处与变动原因",
    "Most points missing": "失分最多",
    "Moved most by": "主要变动原因",
    "Share in the organisation": "在机构中的份额",
    "A measure of one of its customers, or the customer's share in the organisation; points of the "
    "organisation's score. Points are missing as far as the measure scores below 100.": (
        "机构中某一客户的指标，或该客户在机构中的份额；以机构得分的分值计。"
        "指标得分低于 100 的部分即为失分。"
    ),
    "By “{name}”, which counts {rollup}. The widest gaps; all are in the mart account_scorecard.": (
        "按“{name}”，采用{rollup}。仅列差距最大者；全部见数据表 account_scorecard。"
    ),
    # Why the scores may be believed.
    "Proof": "得分依据",
    "Why may the scores be believed?": "为何可以相信这些得分？",
    "Did the scores warn?": "得分是否预警？",
    "no month has all of its outcomes yet": "尚无任何月份的结果完全已知",
    "Each score of the past is held against what came of the customer in the six months after. A "
    "score that says nothing about leaving may still say what a customer is worth; a health score "
    "that says nothing is of no use.": (
        "将过去的每个得分与客户此后六个月的结果对照。不能预示流失的得分仍可说明客户的价值；不能预示"
        "流失的健康度则毫无用处。"
    ),
    "Of {all} scorecards, {n} tell those who leave from those who stay beyond chance, in the right "
    "order.": ("{all} 张记分卡中有 {n} 张能以超出偶然的程度、按正确次序区分流失与留存的客户。"),
    "Red against green": "红与绿之比",
    "times as many left ({name})": "倍的流失比例（{name}）",
    "Share of the red who left within six months, divided by that of the green.": (
        "红色客户六个月内的流失比例除以绿色客户的流失比例。"
    ),
    "AUC": "AUC",
    "AUC, same kind": "AUC（同类）",
    "Of a score marked with *, some months hold what an estimator says that was trained on later "
    "outcomes: it knew part of the answer, so its figures flatter it.": (
        "带 * 的得分在部分月份含有以其后结果训练的模型的预测："
        "模型已知部分答案，其数字因而偏于乐观。"
    ),
    "Same kind: over pairs of customers who leave alike, by the end of a contract or by buying no "
    "more; the other also tells the two kinds apart, which is no warning.": (
        "同类：仅在流失方式相同（合同终止或不再购买）的客户之间比较；另一数字还包含区分这两类客户的能力，"
        "那并非预警。"
    ),
    "All scorecards in the report": "报告中的全部记分卡",
    "0.5 is a coin, 1 never errs": "0.5 等于掷硬币，1 为从不出错",
    "Probability that of one who left and one who stayed, the one who left had the lower score.": (
        "任取一位流失客户与一位留存客户，流失者得分较低的概率。"
    ),
    "Leavers who were red": "流失者中为红色的比例",
    "Of all who left within six months, the share that was red.": (
        "六个月内流失的客户中，此前为红色的比例。"
    ),
    "Missed greens": "漏报的绿色",
    "customers left within six months of being green": "位客户在绿色之后六个月内流失",
    "Customers who were green at a month end and left in the six months after. The mart "
    "scorecard_missed_greens lists them.": (
        "月末为绿色而在此后六个月内流失的客户，见数据表 scorecard_missed_greens。"
    ),
    "{name}: a band is empty, so that green and red cannot be compared.": (
        "{name}：有等级没有客户，无法比较红与绿。"
    ),
    "{red} of the red left within six months, {green} of the green": (
        "红色客户六个月内流失 {red}，绿色客户流失 {green}"
    ),
    "{name}: {rates}; too few customers to tell.": "{name}：{rates}；客户太少，无法判断。",
    "{name}: {rates}. That cannot be told from chance.": "{name}：{rates}。与偶然无法区分。",
    "{name}: {rates}, {times} times as many. Of {cases}, {recall} were red before.": (
        "{name}：{rates}，前者为后者的 {times} 倍。{cases}中，{recall} 此前为红色。"
    ),
    "{n} case of leaving": "{n} 次流失",
    "{n} cases of leaving": "{n} 次流失",
    "a band is empty": "有等级没有客户",
    "too few to tell": "客户太少",
    "the wrong way round": "方向相反",
    "not told from chance": "与偶然无法区分",
    "red warns, amber is out of order": "红色预警，黄色次序不符",
    "warns: {times} times as many": "有预警：{times} 倍",
    "Share who left within six months, by band": "各等级六个月内的流失比例",
    "Customer months": "客户月数",
    "Verdict": "结论",
    "Of all months whose outcomes are known. A customer counts once in each month, so that the "
    "intervals are narrower than those of as many customers would be.": (
        "含所有结果已知的月份。同一客户每月计一次，因此区间比同样多的不同客户时要窄。"
    ),
    "How well each score warns": "各记分卡的预警能力",
    "Stayers who were red": "留存者中为红色的比例",
    "Days of warning": "预警天数",
    "AUC of expansion": "增购 AUC",
    "AUC: 0.5 is a coin. Days of warning: from the first red month end to the end of the contract, "
    "in the middle. Missed greens: customer months that were green before the customer left. "
    "Expansion: who buys more in the six months after.": (
        "AUC：0.5 等于掷硬币。预警天数：首个红色月末至合同结束的天数（中位数）。漏报的绿色：流失前"
        "为绿色的客户月数。增购：此后六个月内购买更多的客户。"
    ),
    "{name}: who left, by band": "{name}：各等级的流失",
    "Share who left within six months. Bar: 95 % interval.": (
        "六个月内的流失比例。横线：95 % 区间。"
    ),
    "Of the customers in the band at a month end whose outcome is known, the share who left in the "
    "six months after, for whatever reason.": (
        "月末处于该等级且结果已知的客户中，此后六个月内因任何原因流失的比例。"
    ),
    "{name}: in {n} of {all} months more of the red than of the green left.": (
        "{name}：{all} 个月中有 {n} 个月红色客户的流失比例高于绿色客户。"
    ),
    "{name}: red and green, month by month": "{name}：红与绿，逐月",
    "Share who left within six months of the month. Band: 95 % interval.": (
        "该月之后六个月内的流失比例。色带：95 % 区间。"
    ),
    "{name}: share who left within six months, by month": "{name}：各月六个月内的流失比例",
    "Weights in force": "现行权重",
    "{n} of {all} weights rest on judgements in pairs or on the spread of the data; the others "
    "were set by people, with a reason each (docs/profiles.md).": (
        "{all} 个权重中有 {n} 个来自成对判断或数据的离散程度；其余由人设定，各有理由（"
        "docs/profiles.md）。"
    ),
    "The judgements hold together: the largest consistency ratio is {ratio} (random index "
    "{index}); from 0.1 on they would be refused.": (
        "判断相互一致：最大一致性比率为 {ratio}（随机指数 {index}）；达到 0.1 即不予采用。"
    ),
    "What counts how much, and how it came to that. Within a group the weights sum to 100 %; the "
    "last but one column is the share of the whole score.": (
        "各项占多少，以及为何如此。同组权重之和为 100 %；倒数第二列为占总得分的比例。"
    ),
    "Weights of {name}": "{name}的权重",
    "In its group": "组内权重",
    "As configured": "配置值",
    "Judged": "判断值",
    "Computed": "计算值",
    "Consistency ratio": "一致性比率",
    "Of the score": "占总得分",
    "Method": "方法",
    "set by people": "由人设定",
    "judged in pairs (AHP)": "成对判断（AHP）",
    "computed (entropy)": "计算（熵权）",
    "judged and computed": "判断与计算结合",
    "As configured: what would count without judgements and data. The entropy of the yearly review "
    "gives weight to what tells customers apart.": (
        "配置值：没有判断和数据时采用的权重。年度复核的熵权给予能区分客户的指标更大权重。"
    ),
    "If a weight were another": "权重的敏感性",
    "too few customers have a score": "有得分的客户太少",
    "Nobody knows a weight to the last percent. If each alone were a fifth larger or smaller, the "
    "others of its group giving way, how many customers would change their band?": (
        "没有人能把权重定到百分之一。若某一权重单独增减五分之一、同组其他权重相应调整，有多少客户会"
        "改变等级？"
    ),
    "{name}: no weight matters more than {measure}; a fifth more or less of it moves {share} of "
    "the customers into another band.": (
        "{name}：最敏感的权重是{measure}；增减五分之一会使 {share} 的客户改变等级。"
    ),
    "{name}: customers who would change their band": "{name}：会改变等级的客户",
    "{name}: each weight a fifth larger or smaller": "{name}：各权重增减五分之一",
    "Change their band": "改变等级",
    "Largest change": "最大变化",
    "Of both directions the one that moves more. Largest change: in points.": (
        "取两个方向中影响较大者。最大变化：单位为分。"
    ),
    "Share of the customers with a score. Bar: 95 % interval.": (
        "占有得分客户的比例。横线：95 % 区间。"
    ),
    "Share of the customers whose band is another one if this weight alone is multiplied by 1.2 or "
    "0.8 and its siblings make up for it.": (
        "仅此权重乘以 1.2 或 0.8、同组其他权重相应调整时，等级改变的客户比例。"
    ),
    "Every scorecard by its most sensitive weight": "各记分卡最敏感的权重",
    "Most sensitive": "最敏感",
    "Another tenth by TOPSIS": "TOPSIS 下十分位改变",
    "Rank correlation": "秩相关",
    "TOPSIS ranks the customers by their distance to the best and the worst, from the same scores "
    "and weights: how many stand in another tenth then, and how alike both rankings are (1: the "
    "same).": (
        "TOPSIS 以相同的得分与权重，按与最优、最劣的距离为客户排序：有多少客户落入另一个十分位，以"
        "及两种排序的相似程度（1 为相同）。"
    ),
    "Changes of the configuration": "配置变更",
    "Targets, weights, bands and rules are data with a date, an author and a reason. Each change "
    "is kept, and it counts from its day on: the past is not rewritten.": (
        "目标、权重、等级与规则都是带有日期、作者和理由的数据。每次变更都被保留，自生效日起计算，不"
        "改写过去。"
    ),
    "{n} rows of {files} files are known. After {month}, the first month, {changes} changes are "
    "listed here.": ("已知 {files} 个文件的 {n} 行。首月{month}之后共有 {changes} 次变更。"),
    "Changes, newest first": "变更（最新在前）",
    "Nothing changed after the first month.": "首月之后没有变更。",
    "Changes of the configuration that are marked": "图中标出的配置变更",
    "Nothing changed within these months.": "这些月份内没有变更。",
    "Mark": "标记",
    "In force from": "生效日",
    "What": "内容",
    "Who": "何人",
    "computed": "计算",
    "New judgements": "新的判断",
    "Yearly review of {day}": "{day}年度复核",
    "{n} weights of {profile} computed anew": "{profile}的 {n} 个权重重新计算",
    "{n} rows {change}": "{n} 行{change}",
    "(for months that were published before)": "（涉及已发布的月份）",
    "Settings of the scorecards": "记分卡设置",
    "Measures and weights": "指标与权重",
    "Targets": "目标",
    "Bands": "等级",
    "added": "新增",
    "changed": "更改",
    "edited": "改写",
    "renewed": "更新",
    "ended": "终止",
    "removed": "删除",
    # The assessment of the organisation.
    "no assessment of the organisation was recorded": "没有组织评估记录",
    "How well is the company set up to manage its customers?": "企业的客户管理能力如何？",
    "Overall": "总体",
    "Said and measured": "自评与实测",
    "Open and without evidence": "未答与缺少证据",
    "Agreement of assessors": "评估人的一致性",
    "All practices": "全部做法",
    "fewer than two people judged the same practices": "评估相同做法的不足两人",
    ", so far": "（进行中）",
    "above the best that was published": "高于已公布的最高值",
    "above the published mean": "高于已公布的平均值",
    "at the published mean": "等于已公布的平均值",
    "below the published mean": "低于已公布的平均值",
    "below the worst that was published": "低于已公布的最低值",
    "not placed before it closes": "结束前不作比较",
    "Published best": "已公布的最高值",
    "Published mean": "已公布的平均值",
    "Published worst": "已公布的最低值",
    "People of the company say of each practice whether it is meant (intention), done (reality) "
    "and shows in results (effect), from 0 to 4, with evidence. 100 % is best practice everywhere; "
    "nobody is there.": (
        "由企业内部人员对每项做法评定意图、现实与效果，0 至 4 级，并附证据。100 % 表示处处达到最佳"
        "实践，无人做到。"
    ),
    "{id} comes to {percent}{so_far}: {position} ({mean}).": (
        "{id} 为 {percent}{so_far}：{position}（{mean}）。"
    ),
    "Of the benchmark only mean, best and worst are published, so no quartile is told.": (
        "基准只公布了平均、最高和最低值，因此不给出四分位。"
    ),
    "It is in quarter {n} of the benchmark (1 is best).": "处于基准的第 {n} 四分位（1 为最好）。",
    "The organisation comes to {percent} of best practice{so_far}, {position}.": (
        "组织达到最佳实践的 {percent}{so_far}，{position}。"
    ),
    "Assessments and the published figures": "各次评估与已公布的数值",
    "Percent of best practice. Pale: published by the authors of the method.": (
        "占最佳实践的百分比。浅色：方法作者公布的数值。"
    ),
    "Mean of the sections, weighted; a section is the mean of its practices that count. What was "
    "not answered counts 0 once the assessment has closed.": (
        "各部分的加权平均；每部分为其计入做法的平均。评估结束后未答者计为 0。"
    ),
    "Percent of best practice": "最佳实践百分比",
    "published mean {mean}, best {best}": "已公布平均 {mean}，最高 {best}",
    "Weighted mean of the sections of the assessment.": "评估各部分的加权平均。",
    "Open practices": "未答的做法",
    "of {all}; {n} do not apply": "共 {all} 项；{n} 项不适用",
    "Practices that nobody answered or of which a dimension has no level.": (
        "无人回答或某一维度没有等级的做法。"
    ),
    "Claims without evidence": "缺少证据的评定",
    "practices whose reality counts as level 1": "项做法的现实按 1 级计",
    "Reality above level 1 without evidence counts as 1.": "现实高于 1 级而无证据者按 1 级计。",
    "Held against figures": "与数据对照",
    "practices whose reality the company’s own figures show": "项做法的现实可由企业自身数据反映",
    "Practices with a rule on a published figure that has a value this month.": (
        "对应某项已发布数据的规则且本月有值的做法。"
    ),
    "Assessments": "评估",
    "Assessment": "评估",
    "Percent": "百分比",
    "Assessors": "评估人",
    "Closes": "结束日",
    "Open": "未答",
    "In part": "部分回答",
    "Each as it stood last. Open: without any answer. In part: a dimension has no level.": (
        "均为最后状态。未答：没有任何回答。部分回答：某一维度没有等级。"
    ),
    "Section": "部分",
    "Intention": "意图",
    "Reality": "现实",
    "Effect": "效果",
    "intention": "意图",
    "reality": "现实",
    "effect": "效果",
    "Counted": "计入",
    "Practices that do not apply are not counted.": "不适用的做法不计入。",
    "Strongest: {best} ({most}). Weakest: {worst} ({least}).": (
        "最强：{best}（{most}）。最弱：{worst}（{least}）。"
    ),
    "Most is planned and not done in {section}: intention {intention}, reality {reality}.": (
        "计划多而执行少：{section}，意图 {intention}，现实 {reality}。"
    ),
    "Plans that are not carried out stand out where intention lies far outside reality.": (
        "意图远超现实之处，即为未落实的计划。"
    ),
    "Intention, reality and effect": "意图、现实与效果",
    "Percent of best practice; the outer ring is 100.": "占最佳实践的百分比；外圈为 100。",
    "Mean level of the practices that count, weighted, times 25. Reality without evidence counts "
    "at most as level 1.": ("计入做法的加权平均等级乘以 25。无证据的现实最多计 1 级。"),
    "Of {practices} that can be compared the company thinks better of itself than its figures do "
    "in {above}, and worse in {below}.": (
        "可比较的 {practices}中，企业自评高于数据的有 {above} 项，低于数据的有 {below} 项。"
    ),
    "{practices} cannot be measured this month: the figure behind has no value.": (
        "{practices}本月无法测量：对应的数据没有值。"
    ),
    "{n} practice": "{n} 项做法",
    "{n} practices": "{n} 项做法",
    "Some practices leave traces in the figures of this release. What the assessors said of "
    "reality stands beside the level that these figures reach, by rules that are written down. A "
    "figure shows whether something is done, not how well it is meant.": (
        "部分做法会在本次发布的数据中留下痕迹。评估人对现实的评定与数据按成文规则所达到的等级并列。"
        "数据说明是否做了，而非用意如何。"
    ),
    "What was said, and what the figures show": "自评与数据",
    "Level of reality, 0 to 4. Largest overestimate first.": (
        "现实的等级，0 至 4。高估最多者在前。"
    ),
    "Said": "自评",
    "Measured": "实测",
    "Said: mean of the assessors, before what lacks evidence is capped. Measured: the highest "
    "level whose rules the figures fulfil.": (
        "自评：评估人的平均，封顶之前。实测：数据满足其规则的最高等级。"
    ),
    "Gaps of perception": "认知差距",
    "Practice": "做法",
    "Practices": "做法",
    "Gap": "差距",
    "By the figure": "依据的数据",
    "Gap: said less measured, as far as the figure can show the practice at all.": (
        "差距：自评减实测，以数据所能反映的范围为限。"
    ),
    "{n} day": "{n} 天",
    "{n} days": "{n} 天",
    "Every practice of the questionnaire as it was judged.": "问卷中每项做法的评定。",
    "{practices} by section": "各部分的 {practices}",
    "Serves": "服务于",
    "Retention": "保留",
    "Efficiency": "效率",
    "Acquisition": "获取",
    "Penetration": "渗透",
    "all": "全部",
    "Levels are means of the assessors, 0 to 4. A dash: nobody gave one, or the practice does not "
    "apply.": ("等级为评估人的平均，0 至 4。短横线：无人评定，或该做法不适用。"),
    "The assessment closed on {day}. What was open then counts as nothing.": (
        "评估已于{day}结束。当时未答者计为零。"
    ),
    "The assessment closes on {day}. What is open then counts as nothing.": (
        "评估将于{day}结束。届时未答者计为零。"
    ),
    "{n} practice has no answer, or none to a dimension.": (
        "{n} 项做法没有回答，或某一维度没有回答。"
    ),
    "{n} practices have no answer, or none to a dimension.": (
        "{n} 项做法没有回答，或某一维度没有回答。"
    ),
    "{n} practice claims more than level 1 without evidence.": (
        "{n} 项做法在无证据的情况下自评高于 1 级。"
    ),
    "{n} practices claim more than level 1 without evidence.": (
        "{n} 项做法在无证据的情况下自评高于 1 级。"
    ),
    "Every practice was answered.": "每项做法都已回答。",
    "Counts": "计入",
    "Evidence asked for": "所要求的证据",
    "Every claim names its evidence.": "每项评定都注明了证据。",
    "Where two people judge the same practices, the level should not depend on who is asked. "
    "Assessors are numbered; their names are in no release.": (
        "两人评估相同做法时，等级不应因人而异。评估人以编号表示；姓名不在任何发布中。"
    ),
    "{first} and {second}: {dimension}": "{first} 与 {second}：{dimension}",
    "Kappa": "Kappa",
    "Difference": "差异",
    "Kappa with quadratic weights: 1 is full agreement, 0 what chance gives. Difference: the first "
    "less the second, in levels.": (
        "二次加权 Kappa：1 为完全一致，0 为偶然水平。差异：第一人减第二人，单位为级。"
    ),
}
