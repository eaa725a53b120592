-- What people write, in English and Chinese, by mood and topic.
create table phrase (language varchar, part varchar, name varchar, texts varchar[]);
insert into phrase values
    ('en', 'opening', 'angry', [
        'This is unacceptable.', 'I am really angry.', 'Again the same problem, and nobody helps.',
        'I have had enough of this.', 'Terrible service.'
    ]),
    ('en', 'opening', 'unhappy', [
        'I am not happy.', 'This is disappointing.', 'Sadly it does not work as promised.',
        'I expected better.', 'This is annoying.'
    ]),
    ('en', 'opening', 'neutral', [
        'Hello,', 'Good morning,', 'I have a question.', 'Could you please help?', 'Hi there,'
    ]),
    ('en', 'opening', 'pleased', [
        'I like the product a lot.', 'Great so far, one small thing:', 'Thanks for the good service.',
        'We are happy with you.', 'Excellent product.'
    ]),
    ('en', 'closing', 'angry', [
        'If this is not solved today I will cancel.', 'Worst support ever.',
        'I want my money back.', 'I will look for another supplier.', 'Useless.'
    ]),
    ('en', 'closing', 'unhappy', [
        'Please fix it soon.', 'It costs us time.', 'Not good.', 'I hope it will be better.',
        'It is too slow.'
    ]),
    ('en', 'closing', 'neutral', [
        'Thank you.', 'Regards.', 'Please let me know.', 'Thanks in advance.', 'Best wishes.'
    ]),
    ('en', 'closing', 'pleased', [
        'Keep up the good work.', 'Thank you very much, you are great.', 'Very helpful team.',
        'Always quick and friendly.', 'I recommend you to friends.'
    ]),
    ('en', 'topic', 'login', [
        'I cannot log in.', 'The password reset mail does not come.',
        'The sign-in page shows an error.', 'My account is locked.'
    ]),
    ('en', 'topic', 'performance', [
        'Pages load very slowly.', 'The export takes minutes.', 'The system hangs in the morning.',
        'Reports time out.'
    ]),
    ('en', 'topic', 'invoice', [
        'The amount on the invoice is not clear.', 'I was charged twice.',
        'Where do I find the invoice?', 'The tax number on the invoice is wrong.'
    ]),
    ('en', 'topic', 'how_to', [
        'How do I add a user?', 'Where can I change the settings?',
        'How can I export my data?', 'Which plan has this function?'
    ]),
    ('en', 'topic', 'contract', [
        'When does the contract renew?', 'I want to change the number of seats.',
        'The new price was not agreed.', 'Please send the contract again.'
    ]),
    ('en', 'topic', 'delivery', [
        'The parcel has not arrived.', 'The delivery is late.', 'A part was missing in the box.',
        'The tracking has not moved for days.'
    ]),
    ('en', 'topic', 'defect', [
        'The device does not switch on.', 'The sensor loses the connection.',
        'The lamp flickers.', 'It broke after a week.'
    ]),
    ('en', 'topic', 'returns', [
        'I want to send it back.', 'Where is my refund?', 'The return label does not print.',
        'It is the wrong colour.'
    ]),
    ('en', 'topic', 'feature_request', [
        'It would help to have a dark view.', 'Please add a filter by region.',
        'An interface to our system would be useful.', 'A weekly summary would be nice.'
    ]),
    ('en', 'reply', 'first', [
        'Thank you for your message. We are looking into it.',
        'Sorry for the trouble. Could you send us a picture of the screen?',
        'Thank you for telling us. I have passed it on to the specialist.',
        'We have received your request and work on it.'
    ]),
    ('en', 'reply', 'last', [
        'This is solved now. Please tell us if anything is left.',
        'We have corrected it. Thank you for your patience.',
        'The setting is changed, please try again.', 'Done. Have a good day.'
    ]),
    ('en', 'reply', 'bot', ['Thank you. A colleague will answer soon. These pages may help.']),
    ('en', 'follow', 'angry', ['Still nothing!', 'How long do I have to wait?', 'This is a joke.']),
    ('en', 'follow', 'unhappy', ['Any news?', 'It still does not work.', 'I am waiting.']),
    ('en', 'follow', 'neutral', ['Here is the picture.', 'Yes, that is right.', 'It works now.']),
    ('en', 'follow', 'pleased', ['Perfect, thanks!', 'Great, it works.', 'That was quick.']),
    ('zh', 'opening', 'angry', ['太差了！', '我非常生气。', '又是同样的问题，没有人管。', '实在无法接受。']),
    ('zh', 'opening', 'unhappy', ['我不满意。', '很失望。', '和承诺的不一样。', '有点烦。']),
    ('zh', 'opening', 'neutral', ['您好，', '请问一下，', '麻烦帮忙看看。', '想咨询一下。']),
    ('zh', 'opening', 'pleased', ['产品很好用。', '一直很满意。', '感谢你们的服务。', '非常好。']),
    ('zh', 'closing', 'angry', ['今天不解决我就取消。', '客服太差。', '我要退款。', '我要换供应商。']),
    ('zh', 'closing', 'unhappy', ['请尽快处理。', '耽误我们时间。', '希望改进。', '太慢了。']),
    ('zh', 'closing', 'neutral', ['谢谢。', '麻烦了。', '请回复。', '等您消息。']),
    ('zh', 'closing', 'pleased', ['继续加油。', '非常感谢，很专业。', '服务很快很好。', '会推荐给朋友。']),
    ('zh', 'topic', 'login', ['我无法登录。', '收不到重置密码的邮件。', '登录页面报错。']),
    ('zh', 'topic', 'performance', ['页面打开很慢。', '导出要好几分钟。', '系统早上经常卡住。']),
    ('zh', 'topic', 'invoice', ['发票金额不清楚。', '被重复扣款。', '发票在哪里下载？']),
    ('zh', 'topic', 'how_to', ['怎么添加用户？', '在哪里修改设置？', '怎么导出数据？']),
    ('zh', 'topic', 'contract', ['合同什么时候续签？', '想调整座位数量。', '新的价格没有商量过。']),
    ('zh', 'topic', 'delivery', ['包裹还没到。', '发货延迟了。', '箱子里少了一个配件。']),
    ('zh', 'topic', 'defect', ['设备打不开。', '传感器总是断线。', '用了一周就坏了。']),
    ('zh', 'topic', 'returns', ['我要退货。', '退款什么时候到？', '颜色不对。']),
    ('zh', 'topic', 'feature_request', ['希望增加按地区筛选。', '希望有接口。', '希望有每周汇总。']),
    ('zh', 'reply', 'first', ['感谢反馈，我们正在处理。', '抱歉给您带来不便，请发一张截图。', '已经转给专员处理。']),
    ('zh', 'reply', 'last', ['问题已经解决，请再试一下。', '已经更正，感谢您的耐心。', '已处理完毕。']),
    ('zh', 'reply', 'bot', ['您好，客服稍后回复，您可以先看看帮助页面。']),
    ('zh', 'follow', 'angry', ['还没有人处理！', '要等多久？', '开玩笑吗？']),
    ('zh', 'follow', 'unhappy', ['有消息吗？', '还是不行。', '我在等。']),
    ('zh', 'follow', 'neutral', ['这是截图。', '是的。', '现在可以了。']),
    ('zh', 'follow', 'pleased', ['太好了，谢谢！', '很快，谢谢。', '可以用了，很好。']);

-- One sentence of a kind; joined by the caller.
create view opening as select language, name as mood, texts from phrase where part = 'opening';
create view closing as select language, name as mood, texts from phrase where part = 'closing';
create view about as select language, name as topic, texts from phrase where part = 'topic';
create view follow as select language, name as mood, texts from phrase where part = 'follow';
create view reply as select language, name as moment, texts from phrase where part = 'reply';
