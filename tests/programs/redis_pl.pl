# Redis.pm (Debian package libredis-perl): values, pipelines, transactions, messages, scans.
use strict;
use warnings;

BEGIN {
    unless (eval { require Redis; 1 }) {
        print "SKIPPED: redis_pl.pl needs the Debian package libredis-perl\n";
        exit 77;
    }
}

sub check {
    my ($condition, $what) = @_;
    die "FAILED: $what\n" unless $condition;
}

sub same { "@{$_[0]}" eq "@{$_[1]}" }

my @where = (server => "127.0.0.1:$ENV{PORT}", reconnect => 5, every => 1000);
my $r = Redis->new(@where);

check($r->set(k => "v\0w", 'EX', 100) && $r->get('k') eq "v\0w", 'SET');
check(!defined $r->get('missing'), 'GET of nothing');
$r->hmset('h', a => 1, b => 2);
my %hash = $r->hgetall('h');
check(same([map { "$_$hash{$_}" } sort keys %hash], ['a1', 'b2']), 'HGETALL');
check(!eval { $r->incr('h'); 1 } && $@ =~ /WRONGTYPE/, 'the error of INCR');

my @replies;
$r->incr('n', sub { push @replies, $_[0] }) for 1 .. 500;
$r->wait_all_responses;
check(same(\@replies, [1 .. 500]), 'pipeline');

$r->multi;
$r->set(t => 1);
$r->incr('t');
check(same([$r->exec], ['OK', 2]), 'MULTI');

$r->sadd('s', 1 .. 300);
my ($cursor, %members) = (0);
do {
    my ($next, $page) = $r->sscan('s', $cursor, 'COUNT', 20);
    $members{$_} = 1 for @$page;
    $cursor = $next;
} while ($cursor);
check(keys %members == 300, 'SSCAN');

my $listener = Redis->new(@where);
my @heard;
$listener->subscribe('news', sub { push @heard, "$_[1]:$_[0]" });
check($r->publish('news', 'rain') == 1, 'PUBLISH');
$listener->wait_for_messages(0.05) until @heard;
check(same(\@heard, ['news:rain']), 'SUBSCRIBE');

check(same([$r->eval('return {KEYS[1], ARGV[1]}', 1, 'key', 'arg')], ['key', 'arg']), 'EVAL');
$r->rpush('queue', 'job');
check(same([$r->blpop('queue', 5)], ['queue', 'job']), 'BLPOP');
check($r->info->{redis_mode} eq 'standalone', 'INFO');

# A connection that the server closed is opened again.
Redis->new(@where)->client_kill('SKIPME', 'yes');
check($r->get('n') == 500, 'GET after CLIENT KILL');
print "passed with Redis.pm $Redis::VERSION\n";
