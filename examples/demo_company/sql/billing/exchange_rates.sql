-- One rate a month, from before the oldest subscription.
select currency, rate_date, rate, from exchange_rate where m >= -60
