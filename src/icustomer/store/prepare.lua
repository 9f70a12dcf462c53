-- Enter under one's own nonce all entries that share names with one's own, directly or through
-- others, and read what they name. Others keep their entries: they must publish them too.
-- Keys beyond the fixed ones: of groups, then the bucket of each alias. ARGV: fence, nonce, slot,
-- number of groups, the version known of each (zeros if none is), fields of the aliases, then
-- their customer IDs. A name without a declared key: nothing is done, and the names are the
-- answer, to be declared.
-- Answer: {0, names} or {1, {entry ID, entry, ...}, {name, value, ...}}.

local fence, nonce, slot = ARGV[1], ARGV[2], ARGV[3]
if not fence_stands(fence) then
  return LOST
end
local groups, versions, fields = tonumber(ARGV[4]), ARGV[5], ARGV[6]

-- Entries by digest of their content, the ID that each was found under, and all names of them.
local function closure()
  local entries, sources, order, seen, names = {}, {}, {}, {}, {}
  local waiting = own_entries(nonce)
  while #waiting > 0 do
    local id = table.remove(waiting)
    local digest = string.sub(id, 1, DIGEST_BYTES)
    if not entries[digest] then
      local entry = redis.call('HGET', OUTBOX, id)
      entries[digest], sources[digest] = entry, id
      order[#order + 1] = digest
      for _, name in ipairs(names_of(entry)) do
        if not seen[name] then
          seen[name] = true
          names[#names + 1] = name
          for _, other in ipairs(entries_named(name)) do
            waiting[#waiting + 1] = other
          end
        end
      end
    end
  end
  return entries, sources, order, names
end

local function declared_positions()
  local positions = {}
  for i = 1, groups do
    positions[group_name(KEYS[FIXED_KEYS + i])] = i
  end
  for i = groups + 1, #KEYS - FIXED_KEYS do
    positions['c' .. ARGV[6 + i - groups]] = i
  end
  return positions
end

local entries, sources, order, names = closure()
local positions = declared_positions()
for _, name in ipairs(names) do
  if not positions[name] then
    return { 0, names }
  end
end

local own = {}
for _, digest in ipairs(order) do
  local id, entry = digest .. nonce, with_slot(entries[digest], slot)
  if redis.call('HEXISTS', OUTBOX, id) == 0 then
    put_entry(id, entry, since(sources[digest]))
  end
  own[#own + 1] = id
  own[#own + 1] = entry
end

write_outbox()

local values = {}
local function tell(name, value)
  values[#values + 1] = name
  values[#values + 1] = value
end

for _, name in ipairs(names) do
  local i = positions[name]
  local key = KEYS[FIXED_KEYS + i]
  if i > groups then
    tell(name, redis.call('HGET', key, alias_field(fields, i - groups)))
  elseif not is_known(key, version_told(versions, i)) then
    tell(name, redis.call('GET', key))
  end
end
return { 1, own, values }
