-- How much waits in the outbox. Answer: {entries, age of the oldest in milliseconds}.

local oldest = redis.call('ZRANGE', TIMES, 0, 0, 'WITHSCORES')[2]
local age = oldest and now_ms() - tonumber(oldest) or 0
return { redis.call('HLEN', OUTBOX), math.max(age, 0) }
