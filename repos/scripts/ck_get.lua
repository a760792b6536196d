-- Reads a checkpoint with its values and writes.
--
-- KEYS  1 t
-- ARGV  1 now, unix ms   2 base of the keys; it carries the tag of KEYS[1]   3 namespace, escaped
--       4 id, escaped, or "" for the latest   5 ttl to give anew, ms; 0: as it is
-- Returns {ns, id, fields, writes, {"<channel> <version>", sealed value, ...}}; {} when absent
-- USES row
local C, ns, id = ARGV[2], ARGV[3], ARGV[4]
if id == '' then id = redis.call('HGET', C .. ':h:' .. ns, 'latest') or '' end
local row = row_of(C, ns, id, ARGV[1])
if row and ARGV[5] == '0' then return row end
-- USES text ckpt
if not row then
  if ARGV[4] ~= '' then
    if redis.call('ZSCORE', C .. ':i:' .. ns, id) then
      drop(C, ns, id)
      latest_of(C, ns, ARGV[1])
    end
    return {}
  end
  id = latest_of(C, ns, ARGV[1])
  if id == '' then return {} end
  row = row_of(C, ns, id, ARGV[1])
end
if ARGV[5] ~= '0' then
  local deadline = int(tonumber(ARGV[1]) + tonumber(ARGV[5]))
  local x = redis.call('HGET', ck_key(C, ns, id), 'x')
  if x and tonumber(x) < tonumber(deadline) then
    redis.call('HSET', ck_key(C, ns, id), 'x', deadline)
    for _, name in ipairs(keys_of(C, ns, id)) do
      redis.call('PEXPIREAT', name, deadline, 'GT')
    end
    row = row_of(C, ns, id, ARGV[1])
  end
end
return row
