# redis-rb (Debian package ruby-redis): values, pipelines, transactions, messages, streams, scripts.

begin
  require 'redis'
rescue LoadError => e
  puts "SKIPPED: redis_rb.rb needs the Debian package ruby-redis (#{e.message})"
  exit 77
end

def check(condition, what)
  return if condition

  warn "FAILED: #{what}"
  exit 1
end

def connect
  Redis.new(host: '127.0.0.1', port: ENV['PORT'].to_i)
end

r = connect
check r.set('k', 'v', ex: 100, nx: true), 'SET EX NX'
check r.get('k') == 'v' && (98..100).cover?(r.ttl('k')), 'GET and TTL'
r.mapped_hmset('h', 'a' => 1, 'b' => 2)
check r.hgetall('h') == { 'a' => '1', 'b' => '2' }, 'HGETALL'
r.zadd('z', [[1.5, 'a'], [2, 'b']])
check r.zrange('z', 0, -1, with_scores: true) == [['a', 1.5], ['b', 2.0]], 'ZRANGE WITHSCORES'
r.sadd('s', (1..500).to_a)
check r.sscan_each('s', count: 20).to_a.uniq.size == 500, 'SSCAN'
check r.scan_each(match: '?').to_a.sort == %w[h k s z], 'SCAN'
check r.pipelined { |p| 500.times { p.incr('n') } } == (1..500).to_a, 'pipeline'

check r.multi { |t| t.set('t', 1); t.incr('t') } == ['OK', 2], 'MULTI'
other = connect
refused = r.watch('t') do
  other.set('t', 'other')
  r.multi { |t| t.set('t', 'mine') }
end
check refused.nil? && r.get('t') == 'other', 'WATCH'
begin
  r.incr('h')
  check false, 'INCR of a hash'
rescue Redis::CommandError => e
  check e.message.start_with?('WRONGTYPE'), 'the error of INCR'
end

heard = []
listener = Thread.new do
  connect.subscribe('news') do |on|
    on.message do |channel, text|
      heard << [channel, text]
      Thread.exit
    end
  end
end
Thread.pass until r.publish('news', 'rain') == 1
listener.join
check heard == [%w[news rain]], 'SUBSCRIBE'

id = r.xadd('jobs', { n: 1 })
r.xgroup(:create, 'jobs', 'workers', '0')
check r.xreadgroup('workers', 'me', 'jobs', '>') == { 'jobs' => [[id, { 'n' => '1' }]] }, 'XREADGROUP'
check r.xpending('jobs', 'workers')['size'] == 1 && r.xack('jobs', 'workers', id) == 1, 'XACK'

sha = r.script(:load, 'return {KEYS[1], ARGV[1]}')
check r.evalsha(sha, keys: ['key'], argv: ['arg']) == %w[key arg], 'EVALSHA'

popped = Thread.new { connect.blpop('queue', timeout: 20) }
Thread.pass until r.info('clients')['blocked_clients'] == '1'
r.rpush('queue', 'job')
check popped.value == %w[queue job], 'BLPOP'
check r.info['redis_version'].start_with?('7'), 'INFO'
puts "passed with redis-rb #{Redis::VERSION}"
