-- Remove one's own entries all of whose names still stand as they were published.
-- ARGV: fence, nonce, the names whose keys follow the fixed ones, and for each what was published:
-- a group's version, a customer's group, '' for a tombstone.
-- Answer: the number of own entries that remain.

local fence, nonce = ARGV[1], ARGV[2]
if not fence_stands(fence) then
  return LOST
end

local function judged()
  local stands = {}
  local count = #KEYS - FIXED_KEYS
  for i = 1, count do
    local name, published = ARGV[2 + i], ARGV[2 + count + i]
    local read = starts_with(name, 'g') and standing_version or standing_value
    stands[name] = read(KEYS[FIXED_KEYS + i]) == published
  end
  return stands
end

local function is_settled(entry, stands)
  for _, name in ipairs(names_of(entry)) do
    if not stands[name] then
      return false
    end
  end
  return true
end

local stands = judged()
local remaining = 0
for _, id in ipairs(own_entries(nonce)) do
  local entry = redis.call('HGET', OUTBOX, id)
  if is_settled(entry, stands) then
    drop_entry(id, entry)
  else
    remaining = remaining + 1
  end
end
write_outbox()
return remaining
