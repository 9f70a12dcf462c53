-- The highest version in which entries of the outbox name each group. KEYS beyond the fixed ones: of
-- the groups. Answer: for each the version in hexadecimal digits, '' if none names it.

local function version_in(entry, group_id)
  local start = SLOT_CHARACTERS + COUNT_DIGITS + 1
  while string.sub(entry, start, start + GROUP_ID_BYTES - 1) ~= group_id do
    start = start + GROUP_ID_BYTES + VERSION_DIGITS
  end
  return string.sub(entry, start + GROUP_ID_BYTES, start + GROUP_ID_BYTES + VERSION_DIGITS - 1)
end

local answer = {}
for i = FIXED_KEYS + 1, #KEYS do
  local name, highest = group_name(KEYS[i]), ''
  for _, id in ipairs(entries_named(name)) do
    local version = version_in(redis.call('HGET', OUTBOX, id), string.sub(name, 2))
    if version > highest then
      highest = version
    end
  end
  answer[#answer + 1] = highest
end
return answer
