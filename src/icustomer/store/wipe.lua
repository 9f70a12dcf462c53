-- Delete the declared keys beyond the fixed ones, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
for first = FIXED_KEYS + 1, #KEYS, CHUNK do
  redis.call('UNLINK', chunk_from(KEYS, first))
end
return 1
