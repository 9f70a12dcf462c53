-- Enter under one's own nonce all entries that share names with one's own, directly or through
-- others, and read what they name. Others keep their entries: they must publish them too.
-- ARGV: fence, nonce, slot, the names whose keys follow the fixed ones, and for each the version
-- known ('' if none is). A name without a declared key: nothing is done, and the names are the
-- answer, to be declared.
-- Answer: {0, names} or {1, {entry ID, entry, ...}, {name, value, ...}}.

local fence, nonce, slot = ARGV[1], ARGV[2], ARGV[3]
if not fence_stands(fence) then
  return LOST
end

-- Entries by digest of their content, and all names of them.
local function closure()
  local entries, order, seen, names = {}, {}, {}, {}
  local waiting = own_entries(nonce)
  while #waiting > 0 do
    local id = table.remove(waiting)
    local digest = string.sub(id, 1, DIGEST_BYTES)
    if not entries[digest] then
      local entry = redis.call('HGET', OUTBOX, id)
      entries[digest] = entry
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
  return entries, order, names
end

local entries, order, names = closure()
local declared, positions = #KEYS - FIXED_KEYS, {}
for i = 1, declared do
  positions[ARGV[3 + i]] = i
end
for _, name in ipairs(names) do
  if not positions[name] then
    return { 0, names }
  end
end

local own = {}
for _, digest in ipairs(order) do
  local id, entry = digest .. nonce, with_slot(entries[digest], slot)
  if redis.call('HEXISTS', OUTBOX, id) == 0 then
    put_entry(id, entry)
  end
  own[#own + 1] = id
  own[#own + 1] = entry
end

write_outbox()

local values = {}
for _, name in ipairs(names) do
  local position = positions[name]
  local key, version = KEYS[FIXED_KEYS + position], ARGV[3 + declared + position]
  if version == '' or standing_version(key) ~= version then
    values[#values + 1] = name
    values[#values + 1] = redis.call('GET', key)
  end
end
return { 1, own, values }
