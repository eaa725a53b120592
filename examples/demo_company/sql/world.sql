-- What the company sells, to whom, and for how much: the same for every seed but the rates' phase.

-- Prices are list prices in pounds; rungs of a ladder are plans from small to large.
create table product as
select
    *,
    case
        when unit_price is null then null
        else round(unit_price * cost_share, 4)
    end::decimal(18, 4) as unit_cost,
from (
    values
        ('PLAN-BASIC', 'Basic plan', 'plan', true, 1, 9.99, 0.22, null),
        ('PLAN-PLUS', 'Plus plan', 'plan', true, 2, 19.99, 0.20, null),
        ('PLAN-FAMILY', 'Family plan', 'plan', true, 3, 34.99, 0.21, null),
        ('PLAN-STARTER', 'Starter plan, per seat', 'plan', true, 11, 12.00, 0.25, null),
        ('PLAN-TEAM', 'Team plan, per seat', 'plan', true, 12, 19.00, 0.22, null),
        ('PLAN-BUSINESS', 'Business plan, per seat', 'plan', true, 13, 29.00, 0.20, null),
        ('PLAN-ENTERPRISE', 'Enterprise plan, per seat', 'plan', true, 14, 45.00, 0.18, null),
        ('ADDON-SECURITY', 'Security add-on', 'add-on', true, 21, 4.00, 0.15, null),
        ('ADDON-ANALYTICS', 'Analytics add-on', 'add-on', true, 22, 6.00, 0.15, 0.35),
        ('ADDON-ASSISTANT', 'Assistant add-on', 'add-on', true, 23, 8.00, 0.30, 0.65),
        ('HUB-100', 'Hub', 'devices', false, 101, 89.00, 0.55, null),
        ('HUB-200', 'Hub, large', 'devices', false, 102, 149.00, 0.55, null),
        ('CAM-100', 'Camera', 'devices', false, 103, 59.00, 0.50, null),
        ('CAM-200', 'Camera, outdoor', 'devices', false, 104, 99.00, 0.52, 0.30),
        ('SEN-100', 'Sensor, pair', 'devices', false, 105, 24.90, 0.45, null),
        ('SEN-200', 'Sensor, water', 'devices', false, 106, 19.90, 0.45, 0.55),
        ('LMP-100', 'Lamp', 'lighting', false, 107, 29.90, 0.40, null),
        ('LMP-200', 'Lamp, garden', 'lighting', false, 108, 44.90, 0.42, null),
        ('STR-100', 'Light strip', 'lighting', false, 109, 34.50, 0.38, null),
        ('STR-200', 'Light strip, long', 'lighting', false, 110, 54.50, 0.38, 0.75),
        ('GFT-100', 'Gift box, small', 'gifts', false, 111, 25.00, 0.35, null),
        ('GFT-200', 'Gift box, large', 'gifts', false, 112, 60.00, 0.35, null),
        ('GFT-300', 'Gift card', 'gifts', false, 113, 20.00, 0.05, null),
        ('BAT-100', 'Batteries', 'supplies', false, 114, 8.99, 0.60, null),
        ('FLT-100', 'Filter', 'supplies', false, 115, 12.49, 0.50, null),
        ('CBL-100', 'Cable set', 'supplies', false, 116, 14.25, 0.40, null),
        ('MNT-100', 'Mounting kit', 'supplies', false, 117, 17.75, 0.40, null),
        ('PRO-100', 'Panel', 'professional', false, 118, 240.00, 0.60, null),
        ('PRO-200', 'Panel, large', 'professional', false, 119, 420.00, 0.60, null),
        ('PRO-300', 'Controller', 'professional', false, 120, 310.00, 0.55, null),
        ('SRV-100', 'Installation', 'services', false, 121, 75.00, 0.65, null),
        ('SRV-200', 'Maintenance visit', 'services', false, 122, 95.00, 0.65, null),
        ('POSTAGE', 'Postage', 'postage', false, null, 4.90, 0.90, null),
        ('GOODWILL', 'Goodwill credit', 'credit', false, null, 0.00, 0.00, null)
) as given (
    product_id, description, product_category, is_recurring, number, unit_price, cost_share,
    launched_at_share
);

-- What people can buy without a subscription, numbered without gaps per group of buyers.
create table shelf as
select
    product_id,
    product_category,
    unit_price::decimal(18, 4) as unit_price,
    coalesce(floor(launched_at_share * getvariable('months'))::integer, -1000) as launch_month,
    for_organisations,
    row_number() over (partition by for_organisations order by number) as shelf_no,
from (
    select *, false as for_organisations from product
    where number between 101 and 117
    union all
    select *, true from product
    where number between 101 and 122 and product_category <> 'gifts'
) as goods;

-- What a plan or an add-on costs, in a currency: pounds times a fixed factor, to the penny.
create macro plan_price(number) as (case number
    when 1 then 9.99 when 2 then 19.99 when 3 then 34.99
    when 11 then 12.00 when 12 then 19.00 when 13 then 29.00 when 14 then 45.00
    when 21 then 4.00 when 22 then 6.00 when 23 then 8.00
end)::decimal(18, 4);
create macro plan_id(number) as case number
    when 1 then 'PLAN-BASIC' when 2 then 'PLAN-PLUS' when 3 then 'PLAN-FAMILY'
    when 11 then 'PLAN-STARTER' when 12 then 'PLAN-TEAM' when 13 then 'PLAN-BUSINESS'
    when 14 then 'PLAN-ENTERPRISE'
    when 21 then 'ADDON-SECURITY' when 22 then 'ADDON-ANALYTICS' when 23 then 'ADDON-ASSISTANT'
end;
create macro currency_factor(currency) as (case currency
    when 'GBP' then 1.00 when 'EUR' then 1.15 when 'USD' then 1.25 when 'CNY' then 9.00
    when 'SEK' then 13.00
end)::decimal(9, 4);
create macro in_currency(price, currency, discount) as
    round(price * currency_factor(currency) * (1 - discount::decimal(9, 4)), 2)::decimal(18, 4);

-- Units of the reporting currency for one unit, one rate a month; slow waves, no drift.
create table exchange_rate as
select
    currency,
    m,
    month_start(m) as rate_date,
    round(
        middle * (
            1
            + 0.05 * sin(2 * pi() * (m / 17.0 + phase + draw(getvariable('seed_key'), currency)))
            + 0.02 * sin(2 * pi() * (m / 5.0 + 2 * phase))
        ),
        6
    )::decimal(18, 8) as rate,
from (values ('EUR', 0.86, 0.1), ('USD', 0.78, 0.4), ('CNY', 0.109, 0.7))
    as given (currency, middle, phase)
cross join range(-61, getvariable('months')) as months (m)
union all
select 'GBP', m, month_start(m), 1, from range(-61, getvariable('months')) as months (m);

-- The countries. Sales are cut by cumulative share.
create table market as
select
    *,
    lag(up_to, 1, 0) over (order by up_to) as above,
from (
    values
        (
            'GB', 0.58, 'United Kingdom', 'GBP', 'en', '44', '770', 'mail.example',
            ['UK North', 'UK South', 'UK Midlands'],
            ['Leeds', 'York', 'Bristol', 'Reading', 'Derby', 'Exeter', 'Norwich', 'Leicester'],
            ['LS', 'YO', 'BS', 'RG', 'DE', 'EX', 'NR', 'LE'],
            ['High Street', 'Station Road', 'Church Lane', 'Mill Road', 'Park Avenue', 'Victoria Road']
        ),
        (
            'DE', 0.68, 'Germany', 'EUR', 'en', '49', '1570', 'post.example',
            ['Central Europe'], ['Hamburg', 'Leipzig', 'Bremen', 'Kassel'],
            ['20', '04', '28', '34'], ['Hauptstrasse', 'Bahnhofstrasse', 'Gartenweg', 'Lindenallee']
        ),
        (
            'FR', 0.74, 'France', 'EUR', 'en', '33', '67', 'courrier.example',
            ['Western Europe'], ['Lyon', 'Nantes', 'Lille', 'Dijon'],
            ['69', '44', '59', '21'], ['Rue de la Gare', 'Rue Pasteur', 'Avenue Foch']
        ),
        (
            'NL', 0.80, 'Netherlands', 'EUR', 'en', '31', '61', 'post.example',
            ['Western Europe'], ['Utrecht', 'Delft', 'Breda', 'Zwolle'],
            ['35', '26', '48', '80'], ['Dorpsstraat', 'Kerkstraat', 'Molenweg']
        ),
        (
            'US', 0.90, 'United States', 'USD', 'en', '1', '555', 'inbox.example',
            ['North America'], ['Dayton', 'Salem', 'Fresno', 'Albany', 'Tulsa'],
            ['454', '973', '937', '122', '741'], ['Main Street', 'Oak Avenue', 'Maple Drive']
        ),
        (
            'CN', 1.00, 'China', 'CNY', 'zh', '86', '1990', 'xinxiang.example',
            ['China'], ['上海', '苏州', '成都', '武汉', '杭州'],
            ['200', '215', '610', '430', '310'], ['人民路', '中山路', '建设大道', '解放路']
        )
) as given (
    market, up_to, country, currency, language, dial_code, phone_lead, mail_domain,
    regions, cities, postcodes, streets
);

-- Names. Chinese ones stand beside their spelling in Latin letters, for addresses.
create macro first_names() as [
    'Anna', 'James', 'Olivia', 'Thomas', 'Emily', 'Daniel', 'Sophie', 'Peter', 'Laura', 'Michael',
    'Hannah', 'David', 'Claire', 'Robert', 'Julia', 'Martin', 'Sarah', 'Andrew', 'Nina', 'Philip',
    'Grace', 'Simon', 'Ellen', 'Victor', 'Alice', 'George', 'Marie', 'Oscar', 'Ruth', 'Henry',
    'Lena', 'Frank', 'Iris', 'Paul', 'Maya', 'Adam', 'Eva', 'Jonas', 'Clara', 'Louis'
];
create macro last_names() as [
    'Smith', 'Taylor', 'Brown', 'Wilson', 'Evans', 'Walker', 'Wright', 'Hughes', 'Green', 'Hall',
    'Wood', 'Clarke', 'Jackson', 'Turner', 'Hill', 'Cooper', 'Ward', 'Morris', 'Moore', 'Bennett',
    'Weber', 'Fischer', 'Schulz', 'Koch', 'Bauer', 'Vogel', 'Keller', 'Lang', 'Martin', 'Bernard',
    'Dubois', 'Laurent', 'Visser', 'Bakker', 'Jansen', 'Meijer', 'Parker', 'Reed', 'Foster', 'Hayes',
    'Barnes', 'Fisher', 'Griffin', 'Palmer', 'Webb', 'Stone', 'Marsh', 'Doyle', 'Nolan', 'Quinn',
    'Abbott', 'Baxter', 'Carver', 'Dalton', 'Easton', 'Fulton', 'Garner', 'Holt', 'Irving', 'Jarvis'
];
create macro zh_last_names() as [
    '王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙', '胡', '朱', '高', '林'
];
create macro zh_last_latin() as [
    'wang', 'li', 'zhang', 'liu', 'chen', 'yang', 'zhao', 'huang', 'zhou', 'wu', 'xu', 'sun', 'hu',
    'zhu', 'gao', 'lin'
];
create macro zh_given_names() as [
    '伟', '芳', '娜', '敏', '静', '强', '磊', '洋', '艳', '勇', '军', '杰', '涛', '明', '超', '霞',
    '平', '刚', '华', '丽', '红', '鹏', '飞', '宁'
];
create macro zh_given_latin() as [
    'wei', 'fang', 'na', 'min', 'jing', 'qiang', 'lei', 'yang', 'yan', 'yong', 'jun', 'jie', 'tao',
    'ming', 'chao', 'xia', 'ping', 'gang', 'hua', 'li', 'hong', 'peng', 'fei', 'ning'
];
create macro organisation_words() as [
    'Northfield', 'Ashdown', 'Brightwater', 'Calder', 'Dunmore', 'Eastgate', 'Fairholm', 'Granite',
    'Harbour', 'Ironbridge', 'Juniper', 'Kestrel', 'Lakeside', 'Meridian', 'Newport', 'Oakridge',
    'Pinnacle', 'Quayside', 'Riverside', 'Silverdale', 'Thornbury', 'Umbra', 'Valley', 'Westbrook'
];
create macro industries() as [
    'logistics', 'retail', 'health', 'software', 'engineering', 'food', 'education', 'construction'
];
create macro zh_organisation_words() as [
    '华兴', '东方', '宏达', '新世纪', '金桥', '长城', '恒信', '瑞丰', '明珠', '天河', '锦绣', '远大'
];
create macro zh_organisation_latin() as [
    'huaxing', 'dongfang', 'hongda', 'xinshiji', 'jinqiao', 'changcheng', 'hengxin', 'ruifeng',
    'mingzhu', 'tianhe', 'jinxiu', 'yuanda'
];
create macro zh_industries() as ['物流', '商贸', '医疗', '软件', '机械', '食品', '教育', '建筑'];

-- The months of the history, numbered from 0. Consumers buy in the fourth quarter, organisations
-- before their summer and at the end of their budgets; prices weigh more in some seasons.
create table month as
select
    m::integer as m,
    month_start(m) as month_on,
    last_day(month_start(m)) as month_end,
    day(last_day(month_start(m)))::integer as days,
    ([0.80, 0.80, 0.90, 0.90, 0.95, 0.95, 0.90, 0.90, 1.00, 1.15, 1.60, 1.80])[month(month_on)]
        as season_person,
    ([0.95, 1.00, 1.15, 1.00, 1.10, 1.15, 0.85, 0.70, 1.00, 1.05, 1.10, 0.95])[month(month_on)]
        as season_organisation,
    ([1.10, 1.00, 1.00, 0.95, 0.95, 0.95, 0.90, 0.90, 1.00, 1.00, 1.10, 1.15])[month(month_on)]
        as ticket_season,
    round(0.05 * sin(2 * pi() * m / 15.0), 6) as price_climate,
from range(getvariable('months')) as months (m);
set variable shelf_person = (select count(*) from shelf where not for_organisations);
set variable shelf_organisation = (select count(*) from shelf where for_organisations);
