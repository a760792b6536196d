-- Stores a checkpoint and the values of its channels, under conditions, and tells it.
--
-- KEYS  1 t, 2 n, 3 h, 4 i, 5 r, 6 lock, 7 fence
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]   3 namespace, escaped
--       4 id, escaped   5 id of the parent, escaped, or ""   6 ts   7 body, sealed
--       8 metadata, sealed   9 ttl, ms, 0: none   10 how many stay, 0: all
--       11 "", or "=" and the escaped id expected as the latest   12 token of the session, or ""
--       13 its fence   14 the event without seq and put
--       15... of each channel: "<channel> <version>", "set" (new), "keep" (unless there is one) or
--       "look" (no value given), the sealed value
-- Returns {"ok", seq, put, unix ms}, {"moved", escaped id of the latest, or ""}, {"fence"}
-- USES text row ckpt
local now, C, ns, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if ARGV[12] ~= '' and (redis.call('GET', KEYS[6]) ~= ARGV[12] or
  redis.call('GET', KEYS[7]) ~= ARGV[13]) then
  return {'fence'}
end
if ARGV[11] ~= '' then
  local actual = latest_of(C, ns, now)
  if '=' .. actual ~= ARGV[11] then return {'moved', actual} end
end

local key, deadline = ck_key(C, ns, id), int(tonumber(now) + tonumber(ARGV[9]))
if redis.call('EXISTS', key) == 1 and not lives(C, ns, id, now) then drop(C, ns, id) end
-- What was there before takes the later deadline, what is new this one.
local existed = {}
local function look(name) existed[name] = redis.call('EXISTS', name) == 1 end
for i = 1, 5 do look(KEYS[i]) end
look(key)
look(writes_key(C, ns, id))

local texts = {}
for i = 15, #ARGV, 3 do
  local blob = blob_key(C, ns, ARGV[i])
  look(blob)
  if ARGV[i + 1] == 'set' then
    redis.call('SET', blob, ARGV[i + 2], 'KEEPTTL')
  elseif ARGV[i + 1] == 'keep' and not existed[blob] then
    redis.call('SET', blob, ARGV[i + 2])
  end
  if ARGV[i + 1] ~= 'look' or existed[blob] then texts[#texts + 1] = ARGV[i] end
end

local held = redis.call('HMGET', key, 'seq', 'cv')
local before = {}
for _, text in ipairs(texts_of(held[2])) do before[text] = true end
for _, text in ipairs(texts) do
  if before[text] then
    before[text] = nil
  else
    redis.call('HINCRBY', KEYS[5], text, 1)
  end
end
for text in pairs(before) do unrefer(C, ns, text) end

local seq = held[1] or int(redis.call('HINCRBY', KEYS[1], 'seq', 1))
local put = int(math.max(tonumber(now), tonumber(redis.call('HGET', KEYS[1], 'last') or '0')))
redis.call('HSET', KEYS[1], 'last', put)
redis.call('HDEL', KEYS[1], 'w ' .. ns .. ' ' .. id)
redis.call('ZADD', KEYS[2], 0, ns)
redis.call('ZADD', KEYS[4], seq, id)
redis.call('HSET', KEYS[3], 'latest', id)
redis.call('HINCRBY', KEYS[3], 'rev', 1)
redis.call('HSET', key, 'seq', seq, 'put', put, 'ts', ARGV[6], 'body', ARGV[7], 'meta', ARGV[8],
  'cv', table.concat(texts, '\n'))
if ARGV[5] ~= '' then redis.call('HSET', key, 'parent', ARGV[5]) else redis.call('HDEL', key, 'parent') end
if ARGV[9] == '0' then
  redis.call('HDEL', key, 'x')
else
  redis.call('HSET', key, 'x', deadline)
end

for _, name in ipairs(keys_of(C, ns, id)) do
  if ARGV[9] == '0' then
    redis.call('PERSIST', name)
  elseif name == key or not existed[name] then
    redis.call('PEXPIREAT', name, deadline)
  else
    redis.call('PEXPIREAT', name, deadline, 'GT')
  end
end

if ARGV[10] ~= '0' then
  local old = redis.call('ZRANGE', KEYS[4], 0, 63)
  local spare = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[10])
  for i = 1, math.min(spare, #old) do
    if old[i] ~= id then drop(C, ns, old[i]) end
  end
end
redis.call('PUBLISH', C .. ':ev', ARGV[14] .. ',"seq":' .. seq .. ',"put":' .. put .. '}')
return {'ok', seq, put}
