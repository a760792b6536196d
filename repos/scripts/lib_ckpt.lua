local function unrefer(C, ns, text)
  if redis.call('HINCRBY', C .. ':r:' .. ns, text, -1) > 0 then return end
  redis.call('HDEL', C .. ':r:' .. ns, text)
  redis.call('DEL', blob_key(C, ns, text))
end

-- Removes a checkpoint, its writes and its references; 1 when it was there.
local function drop(C, ns, id)
  local key = ck_key(C, ns, id)
  for _, text in ipairs(texts_of(redis.call('HGET', key, 'cv'))) do unrefer(C, ns, text) end
  redis.call('DEL', writes_key(C, ns, id))
  redis.call('HDEL', C .. ':t', 'w ' .. ns .. ' ' .. id)
  redis.call('ZREM', C .. ':i:' .. ns, id)
  return redis.call('DEL', key)
end

local function lives(C, ns, id, now)
  local held = redis.call('HMGET', ck_key(C, ns, id), 'seq', 'x')
  return held[1] and not (held[2] and tonumber(held[2]) <= tonumber(now))
end

-- Makes `latest` the newest that lives, and removes what is met on the way. "" when none does:
-- then nothing of the namespace is left.
local function settle_latest(C, ns, now)
  local index, head = C .. ':i:' .. ns, C .. ':h:' .. ns
  while true do
    local id = redis.call('ZRANGE', index, -1, -1)[1]
    if not id then
      redis.call('DEL', head, C .. ':r:' .. ns)
      redis.call('ZREM', C .. ':n', ns)
      return ''
    end
    if lives(C, ns, id, now) then
      redis.call('HSET', head, 'latest', id)
      return id
    end
    drop(C, ns, id)
  end
end

-- The escaped id of the latest checkpoint; "" when there is none.
local function latest_of(C, ns, now)
  local id = redis.call('HGET', C .. ':h:' .. ns, 'latest')
  if id and lives(C, ns, id, now) then return id end
  if not id and redis.call('EXISTS', C .. ':i:' .. ns) == 0 then return '' end
  return settle_latest(C, ns, now)
end

-- All keys that a checkpoint needs.
local function keys_of(C, ns, id)
  local keys = {ck_key(C, ns, id), writes_key(C, ns, id), C .. ':h:' .. ns, C .. ':i:' .. ns,
    C .. ':r:' .. ns, C .. ':n', C .. ':t'}
  for _, text in ipairs(texts_of(redis.call('HGET', ck_key(C, ns, id), 'cv'))) do
    keys[#keys + 1] = blob_key(C, ns, text)
  end
  return keys
end
