-- Note customer IDs to groups, while the rebuild is one's own.
-- KEYS beyond the fixed ones: the hash of notes. ARGV: nonce, lease in milliseconds, then group ID
-- and customer IDs, each after a line feed, of each group.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local notes = KEYS[FIXED_KEYS + 1]
for i = 3, #ARGV, 2 do
  local noted = redis.call('HGET', notes, ARGV[i]) or ''
  for customer_id in string.gmatch(ARGV[i + 1], '\n[^\n]+') do
    if not string.find(noted, customer_id, 1, true) then
      noted = noted .. customer_id
    end
  end
  redis.call('HSET', notes, ARGV[i], noted)
end
return 1
