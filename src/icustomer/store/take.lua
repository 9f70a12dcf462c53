-- Put entries of others, by nonce or by ID, under one's own nonce and slot.
-- ARGV: fence, nonce, slot, number of nonces, the nonces, the entry IDs. Answer: the number moved.

local fence, nonce, slot = ARGV[1], ARGV[2], ARGV[3]
if not fence_stands(fence) then
  return LOST
end
local ids = {}
local last_nonce = 4 + tonumber(ARGV[4])
for i = 5, last_nonce do
  for _, id in ipairs(own_entries(ARGV[i])) do
    ids[#ids + 1] = id
  end
end
for i = last_nonce + 1, #ARGV do
  ids[#ids + 1] = ARGV[i]
end

local moved, seen = 0, {}
for _, id in ipairs(ids) do
  local entry = redis.call('HGET', OUTBOX, id)
  if entry and nonce_of(id) ~= nonce and not seen[id] then
    seen[id] = true
    drop_entry(id, names_of(entry))
    put_entry(entry_id(id, nonce), with_slot(entry, slot), since(id))
    moved = moved + 1
  end
end
write_outbox()
return moved
