-- What the store tells of its own history. KEYS beyond the fixed ones: the checkpoint.
-- Answer: {epoch or '', milliseconds now, checkpoint as a flat list}.

return {
  redis.call('GET', EPOCH) or '', now_text(), redis.call('HGETALL', KEYS[FIXED_KEYS + 1])
}
