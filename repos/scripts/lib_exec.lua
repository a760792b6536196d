-- Fields of a hash as a table, and as they are stored; nil when it is absent.
local function object_of(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then return nil, flat end
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields, flat
end

-- Whether an object is there for readers.
local function alive(fields, now)
  return fields and not (fields.x and tonumber(fields.x) <= tonumber(now))
end

local TERMINAL = {SUCCESS = true, FAILED = true, CANCELED = true, TIMED_OUT = true}

-- The deadline after a write: set when the object becomes terminal, kept while it stays so.
local function deadline_after(old, status, now, retention)
  if not TERMINAL[status] then return nil end
  if old and TERMINAL[old.status] then return old.x end
  if retention == '0' then return nil end
  return int(tonumber(now) + tonumber(retention))
end

-- Readers hide an object from its deadline on; a day later the store removes it by itself.
local function settle_deadline(key, x)
  if x then redis.call('PEXPIREAT', key, int(tonumber(x) + 86400000)) end
end

-- The next creation stamp of an execution and its tasks; see lib_stamp.
local function exec_stamp(meta, now)
  local stamp = math.max(tonumber(now), tonumber(redis.call('HGET', meta, 'clk') or '0') + 1)
  redis.call('HSET', meta, 'clk', int(stamp))
  return int(stamp)
end
