-- Compares what a thread keeps of its checkpoints with the checkpoints, in one cut; O(checkpoints
-- and the values they refer to), without the limit of rows.
--
-- KEYS  1 t, 2 n
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]
--       3 "1": put it right
-- Returns {kind of finding, index, which, ...}
-- USES text row ckpt
local now, C = tonumber(ARGV[1]), ARGV[2]
local reply, repairs = {}, {}
local function found(kind, index, what, repair)
  reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = kind, index, what
  repairs[#repairs + 1] = repair
end

-- How long something must be there: {far = unix ms, forever = true when it must stay}.
local function need(span, x)
  if not x then
    span.forever = true
  elseif tonumber(x) > (span.far or 0) then
    span.far = tonumber(x)
  end
end
-- A deadline may be later than needed: of what was removed meanwhile.
local function compare_ttl(index, key, span)
  if not span.forever and not span.far then return end
  local at = redis.call('PEXPIRETIME', key)
  local kind
  if at == -2 then return end
  if at == -1 and not span.forever then kind = 'missing_ttl' end
  if at >= 0 and span.forever then kind = 'extra_ttl' end
  if at >= 0 and not span.forever and at < span.far then kind = 'wrong_value' end
  if not kind then return end
  found(kind, index, key, function()
    if span.forever then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, int(span.far)) end
  end)
end

local thread = {}
local function audit(ns)
  local index, head, refs = C .. ':i:' .. ns, C .. ':h:' .. ns, C .. ':r:' .. ns
  local space, counts, blobs, gone, newest = {}, {}, {}, {}, nil
  local ids = redis.call('ZRANGE', index, 0, -1)
  for _, id in ipairs(ids) do
    local held = redis.call('HMGET', ck_key(C, ns, id), 'seq', 'x', 'cv')
    local live = held[1] and not (held[2] and tonumber(held[2]) <= now)
    if not held[1] then gone[#gone + 1] = id end
    if live then
      newest = id
      need(space, held[2])
      need(thread, held[2])
      local writes = {}
      need(writes, held[2])
      compare_ttl('w ttl', writes_key(C, ns, id), writes)
    end
    for _, text in ipairs(texts_of(held[3])) do
      counts[text] = (counts[text] or 0) + 1
      blobs[text] = blobs[text] or {}
      if live then need(blobs[text], held[2]) end
    end
  end
  if #ids == 0 then
    found('dangling', 'n', ns, function() settle_latest(C, ns, now) end)
    return
  end
  -- With deadlines in use, checkpoints go by themselves and leave members for the next sweep.
  local leftover = #gone > 0 and redis.call('PTTL', index) >= 0
  for _, id in ipairs(leftover and {} or gone) do
    found('dangling', 'i', ns .. ' ' .. id, function()
      drop(C, ns, id)
      latest_of(C, ns, now)
    end)
  end
  local latest = redis.call('HGET', head, 'latest')
  if newest and not (latest and lives(C, ns, latest, now)) then
    found(latest and 'wrong_value' or 'missing', 'latest', ns, function()
      settle_latest(C, ns, now)
    end)
  end
  local held = redis.call('HGETALL', refs)
  for i = 1, #held, 2 do
    local text, count = held[i], tonumber(held[i + 1])
    local wanted = counts[text] or 0
    counts[text] = nil
    if count ~= wanted and not (leftover and count and count > wanted) then
      found('wrong_count', 'r', ns .. ' ' .. text, function()
        if wanted > 0 then
          redis.call('HSET', refs, text, int(wanted))
        else
          redis.call('HDEL', refs, text)
          redis.call('DEL', blob_key(C, ns, text))
        end
      end)
    end
  end
  for text, wanted in pairs(counts) do
    found('wrong_count', 'r', ns .. ' ' .. text, function()
      redis.call('HSET', refs, text, int(wanted))
    end)
  end
  for text, span in pairs(blobs) do compare_ttl('b ttl', blob_key(C, ns, text), span) end
  compare_ttl('h ttl', head, space)
  compare_ttl('i ttl', index, space)
  compare_ttl('r ttl', refs, space)
end

for _, ns in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do audit(ns) end
compare_ttl('n ttl', KEYS[2], thread)
compare_ttl('t ttl', KEYS[1], thread)
if ARGV[3] == '1' then
  for _, repair in ipairs(repairs) do repair() end
end
return reply
