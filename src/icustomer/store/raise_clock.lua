-- Raise the record clock; it never falls, and never passes the server's own.
-- ARGV: fence, microseconds. Answer: the clock as it stands.

if not fence_stands(ARGV[1]) then
  return LOST
end
local standing = tonumber(redis.call('GET', CLOCK) or '0')
local raised = math.min(tonumber(ARGV[2]), now_ms() * 1000)
if raised > standing then
  standing = raised
  redis.call('SET', CLOCK, string.format('%.0f', standing))
end
return string.format('%.0f', standing)
