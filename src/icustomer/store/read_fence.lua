-- The fence, if it names this server; else nothing.

local fence = redis.call('GET', FENCE)
return fence and names_this_server(fence) and fence
