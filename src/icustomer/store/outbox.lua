-- The outbox: a hash of entries, a sorted set that finds them by what they name, and one that
-- tells since when each waits, in milliseconds: also after it moved to another nonce.
-- Entry ID: 16 bytes digest of the content, then the nonce. Entry: slot in two characters,
-- then the content: number of groups in 8 digits (hexadecimal, as all here), for each its ID and
-- its version in 16 bytes each, then the customer IDs, each after a line feed.
-- Names: 'g' and group ID, 'c' and customer ID, 'n' and nonce.

local DIGEST_BYTES = 16
local SLOT_CHARACTERS = 2
local COUNT_DIGITS = 8

local function nonce_of(id)
  return string.sub(id, DIGEST_BYTES + 1)
end

local function entry_id(id, nonce)
  return string.sub(id, 1, DIGEST_BYTES) .. nonce
end

local function with_slot(entry, slot)
  return slot .. string.sub(entry, SLOT_CHARACTERS + 1)
end

local function names_of(entry)
  local names = {}
  local start = SLOT_CHARACTERS + COUNT_DIGITS + 1
  for _ = 1, tonumber(string.sub(entry, SLOT_CHARACTERS + 1, start - 1), 16) do
    names[#names + 1] = 'g' .. string.sub(entry, start, start + 15)
    start = start + 32
  end
  for customer_id in string.gmatch(string.sub(entry, start), '[^\n]+') do
    names[#names + 1] = 'c' .. customer_id
  end
  return names
end

-- IDs of the entries with a name.
local function entries_named(name)
  local ids = redis.call('ZRANGEBYLEX', NAMES, '[' .. name .. '\0', '(' .. name .. '\1')
  for i, member in ipairs(ids) do
    ids[i] = string.sub(member, #name + 2)
  end
  return ids
end

local function own_entries(nonce)
  return entries_named('n' .. nonce)
end

local function since(id)
  return redis.call('ZSCORE', TIMES, id) or now_text()
end

-- What a script enters and drops; written in few calls by write_outbox at its end.
local entered, entered_names, entered_times = {}, {}, {}
local dropped, dropped_names = {}, {}

local function put_entry(id, entry, time)
  entered[#entered + 1] = id
  entered[#entered + 1] = entry
  entered_times[#entered_times + 1] = time
  entered_times[#entered_times + 1] = id
  local names = names_of(entry)
  names[#names + 1] = 'n' .. nonce_of(id)
  for _, name in ipairs(names) do
    entered_names[#entered_names + 1] = '0'
    entered_names[#entered_names + 1] = name .. '\0' .. id
  end
end

local function drop_entry(id, names)
  dropped[#dropped + 1] = id
  dropped_names[#dropped_names + 1] = 'n' .. nonce_of(id) .. '\0' .. id
  for _, name in ipairs(names) do
    dropped_names[#dropped_names + 1] = name .. '\0' .. id
  end
end

local function write_outbox()
  in_chunks('HDEL', OUTBOX, dropped)
  in_chunks('ZREM', NAMES, dropped_names)
  in_chunks('ZREM', TIMES, dropped)
  in_chunks('HSET', OUTBOX, entered)
  in_chunks('ZADD', NAMES, entered_names)
  -- Entered again, an entry is as old as it was.
  for first = 1, #entered_times, CHUNK do
    redis.call('ZADD', TIMES, 'LT', chunk_from(entered_times, first))
  end
end
