-- Take one's own pending fence away, so that nobody waits for its lease to run out.
-- ARGV: nonce. Answer: 1, or 0 if the fence is not one's own.

if redis.call('GET', FENCE) ~= pending_fence(ARGV[1]) then
  return 0
end
redis.call('DEL', FENCE)
return 1
