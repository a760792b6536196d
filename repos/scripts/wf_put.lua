-- Writes an execution, under conditions.
--
-- KEYS  1 state (hash), 2 meta (hash: clk, ep, mx), 3 ix (lex index of the tasks)
-- ARGV  1 now, unix ms   2 retention, ms, 0: for ever   3 "upsert" or "exists"
--       4 version expected, or ""   5 "" or the count of task writes expected   6 execution id
--       7 workflow id, or "" for the one it has   8 status, or "" for the one it has
--       9... of each further field: name, "=" to set or "-" to remove, value
-- Returns {"ok", fields before, fields now}, {"missing"}, {"workflow_id"}, {"moved"}, {"leftover"}:
--         what an expired execution has left must be purged before
-- USES text exec
local old, old_flat = object_of(KEYS[1])
local live = alive(old, ARGV[1])
if ARGV[3] == 'exists' and not live then return {'missing'} end
if not live and (old or redis.call('EXISTS', KEYS[3]) == 1) then return {'leftover'} end
if live and ARGV[7] ~= '' and old.workflow_id ~= ARGV[7] then return {'workflow_id'} end
if ARGV[4] ~= '' and (not live or old.v ~= ARGV[4]) then return {'moved'} end
if ARGV[5] ~= '' and (redis.call('HGET', KEYS[2], 'ep') or '0') ~= ARGV[5] then return {'moved'} end

local held = live and old or nil
local status = ARGV[8] ~= '' and ARGV[8] or held.status
local x = deadline_after(held, status, ARGV[1], ARGV[2])
if held then
  redis.call('HINCRBY', KEYS[1], 'v', 1)
else
  redis.call('DEL', KEYS[1])
  redis.call('PERSIST', KEYS[2])
  redis.call('HSET', KEYS[1], 'f', '1', 'v', '1', 'c', exec_stamp(KEYS[2], ARGV[1]),
    'workflow_id', ARGV[7], 'exec_id', ARGV[6])
end
redis.call('HSET', KEYS[1], 'u', ARGV[1], 'status', status)
for i = 9, #ARGV, 3 do
  if ARGV[i + 1] == '=' then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
  else
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
if x then
  redis.call('HSET', KEYS[1], 'x', x)
else
  redis.call('HDEL', KEYS[1], 'x')
  redis.call('PERSIST', KEYS[1])
end
settle_deadline(KEYS[1], x)
return {'ok', old_flat, redis.call('HGETALL', KEYS[1])}
