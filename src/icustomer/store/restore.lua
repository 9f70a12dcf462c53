-- Write groups with all that leads to them, and outbox entries, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds, limit of an index, plan, values. The plan is msgpack of
-- {sets, index additions, entries}, flat lists of positions: key and value, entry ID and entry.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local index_limit, state = tonumber(ARGV[3]), cmsgpack.unpack(ARGV[4])
local sets, additions, entries = state[1], state[2], state[3]
for i = 1, #sets, 2 do
  redis.call('SET', KEYS[sets[i]], ARGV[sets[i + 1]])
end
for i = 1, #additions, 2 do
  add_to_index(KEYS[additions[i]], ARGV[additions[i + 1]], index_limit)
end
for i = 1, #entries, 2 do
  put_entry(ARGV[entries[i]], ARGV[entries[i + 1]])
end
write_outbox()
return 1
