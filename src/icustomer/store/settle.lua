-- Remove one's own entries all of whose names still stand as they were published.
-- Keys beyond the fixed ones: of groups, then the bucket of each alias. ARGV: fence, nonce, number of
-- groups, their versions (zeros: a tombstone), fields of the aliases, then customer ID and its group
-- ('': a tombstone) of each.
-- Answer: the number of own entries that remain.

local fence, nonce = ARGV[1], ARGV[2]
if not fence_stands(fence) then
  return LOST
end
local groups, versions, fields = tonumber(ARGV[3]), ARGV[4], ARGV[5]

local function judged()
  local stands = {}
  for i = 1, groups do
    local key = KEYS[FIXED_KEYS + i]
    stands[group_name(key)] = standing_version(key) == version_told(versions, i)
  end
  local before = FIXED_KEYS + groups
  for i = 1, #KEYS - before do
    local customer_id, group_id = ARGV[4 + 2 * i], ARGV[5 + 2 * i]
    local standing = standing_place(KEYS[before + i], alias_field(fields, i))
    stands['c' .. customer_id] = standing == group_id
  end
  return stands
end

local function is_settled(names, stands)
  for _, name in ipairs(names) do
    if not stands[name] then
      return false
    end
  end
  return true
end

local stands = judged()
local remaining = 0
for _, id in ipairs(own_entries(nonce)) do
  local names = names_of(redis.call('HGET', OUTBOX, id))
  if is_settled(names, stands) then
    drop_entry(id, names)
  else
    remaining = remaining + 1
  end
end
write_outbox()
return remaining
