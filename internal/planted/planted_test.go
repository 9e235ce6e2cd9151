package planted

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bug is a change of one place in the code that some test must notice.
type bug struct {
	what     string
	file     string
	old, new string
	pkg      string // where the test is, "" for the package of the file
	test     string
}

var bugs = []bug{
	{
		what: "an acknowledgement of before the read counts", file: "replication/acks.go",
		old: "a.begun[v] > after", new: "a.begun[v] > 0", test: "TestReadsNeedBothElectorates",
	},
	{
		what: "an acknowledgement of another term counts", file: "replication/acks.go",
		old: "v == self || a.term == term && a.begun[v] > after", new: "v == self || a.begun[v] > after", test: "TestReadsNeedBothElectorates",
	},
	{
		what: "only the latest voters are asked for a read", file: "replication/reads.go",
		old: "sets = append(sets, voters(committed.Configuration))", new: "_ = committed", test: "TestVotersOfBothConfigurationsAreAsked",
	},
	{
		what: "only the committed voters are asked for a read", file: "replication/reads.go",
		old: "sets = append(sets, voters(committed.Configuration))", new: "sets[0] = voters(committed.Configuration)", test: "TestVotersOfBothConfigurationsAreAsked",
	},
	{
		what: "an acknowledgement counts for when it came, not for when it was asked for", file: "replication/transport.go",
		old: "t.acks.note(id, args.Term, began, matched(args))", new: "t.acks.note(id, args.Term, max(began, t.acks.begin()), matched(args))", test: "TestAReplacedLeaderServesNoRead",
	},
	{
		what: "a leader serves reads without asking anybody", file: "replication/reads.go",
		old: "if ok && g.leads(term) {", new: "if ok = true; ok && g.leads(term) {", test: "TestAReplacedLeaderServesNoRead",
	},
	{
		what: "a leader that was cut off serves reads", file: "replication/reads.go",
		old: "if ok && g.leads(term) {", new: "if ok = true; ok && g.leads(term) {", test: "TestReadsAreLinearizable",
	},
	{
		what: "a follower reads before it has applied what the leader names", file: "replication/reads.go",
		old: "if g.Applied() >= index {", new: "if g.Applied() >= index-min(index, 1) {", test: "TestReadsOnFollowers",
	},
	{
		what: "followers are not told what is committed", file: "replication/reads.go",
		old: "if index = g.visible(index); applied < index {", new: "if index = g.visible(index); applied < index && index == 0 {", test: "TestReadsOnFollowers",
	},
	{
		what: "a leader sends copies only when it is ready", file: "replication/install.go",
		old: "members.index > head.Index {", new: "members.index > head.Index || !g.Ready() {", test: "TestALeaderMayHaveToCopyFirst",
	},
	{
		what: "the checksum of a copy is not compared", file: "replication/copyfile.go",
		old: "if !bytes.Equal(sum.Sum(nil), want) {", new: "if !bytes.Equal(sum.Sum(nil), want) && len(want) == 0 {", test: "TestCopiesAreChecked",
	},
	{
		what: "a crash leaves a copy that was received aside", file: "replication/install.go",
		old: "if m.Applied() < head.Applied {", new: "if m.Applied() > head.Applied {", test: "TestACrashWhileACopyIsPutInPlace",
	},
	{
		what: "a hand-over that comes to nothing leaves the leader refusing everything", file: "replication/members.go",
		old: "defer g.moving.Store(false)", new: "_ = g", test: "TestAStormOfTransfers",
	},
	{
		what: "a new leader reads before it has applied what earlier ones left", file: "replication/group.go",
		old: "if !g.barrier() || g.raft.CurrentTerm() != term {", new: "if g.raft.CurrentTerm() != term {", test: "TestAStormOfTransfers",
	},
	{
		what: "a new leader has applied what is in its queue only soon", file: "replication/reads.go",
		old: "settled := err == nil && g.fsm.settle()", new: "settled := err == nil", test: "TestANewLeaderEmptiesItsQueueFirst",
	},
	{
		what: "what is in a follower's queue counts as applied", file: "replication/fsm.go",
		old: "if f.queue.add(batch) && !f.settle() {", new: "if f.group.advance(batch[len(batch)-1].Index); f.queue.add(batch) && !f.settle() {", test: "TestABusyFollowerGathers",
	},
	{
		what: "a follower's queue has no bound", file: "replication/queue.go",
		old: "return len(q.entries) >= mostQueued ||", new: "return len(q.entries) < 0 &&", test: "TestAQueueIsBounded",
	},
	{
		what: "entries reach the machine behind those that a failure has left out", file: "replication/fsm.go",
		old: "if stopped := f.group.node.stopped(); stopped != nil {", new: "if stopped := f.group.node.stopped(); stopped != nil && f == nil {", test: "TestNothingComesBehindAFailure",
	},
	{
		what: "who is no member is believed", file: "replication/strangers.go",
		old: "if g.knows(from) || !g.settled() {", new: "if g.knows(from) || g.settled() {", test: "TestStrangersAreNotBelieved",
	},
	{
		what: "a node that was away believes nobody who has joined meanwhile", file: "replication/strangers.go",
		old: "if g.knows(from) || !g.settled() {", new: "if g.knows(from) {", test: "TestWhoWasAwayFollowsNewMembers",
	},
	{
		what: "what a node holds for others has no bound", file: "replication/peer/held.go",
		old: "if h.bytes.Add(int64(bytes)) <= h.limit {", new: "if h.bytes.Add(int64(bytes)) >= 0 {", test: "TestWhatIsUnderWayIsBounded",
	},
	{
		what: "what the machine has applied is applied again", file: "replication/fsm.go",
		old: "e.Type == raft.LogCommand && e.Index > f.applied", new: "e.Type == raft.LogCommand && e.Index > 0", test: "TestRestartReplaysWhatTheMachineHasLost|TestNodesRestart",
	},
	{
		what: "committed entries may be deleted", file: "replication/store.go",
		old: "case d.tail() <= d.last && d.tail() <= d.fixed:", new: "case d.tail() <= d.last && d.tail() <= d.fixed && d.fixed == 0:", test: "TestDeletionsThatWouldLoseEntries",
	},
	{
		what: "Close waits for entries that followers never acknowledge", file: "replication/close.go",
		old: "patient := drainLimit", new: "patient := 60 * drainLimit", test: "TestClosingALeaderThatCannotConfirm",
	},
	{
		what: "nobody stands for election when the leader's process ends", file: "replication/elections.go",
		old: "if g.gone(ctx, leader) {", new: "if false && g.gone(ctx, leader) {", test: "TestANewLeaderComesSoon",
	},
	{
		what: "a node that is back gets its entries late", file: "replication/deaf.go",
		old: "if answers == nil {", new: "if answers != nil || answers == nil {", test: "TestANodeThatIsBackIsHeardAtOnce",
	},
	{
		what: "calls wait for a leader that is gone", file: "replication/following.go",
		old: "if c.leader != leader {", new: "if c.leader == leader && leader == \"\" {", test: "TestCallsDoNotWaitForALeaderThatIsGone",
	},
	{
		what: "an entry of the log is not compared with its checksum", file: "replication/internal/raftlog/load.go",
		old: "if rec.sum(group, l.sum) != sum {", new: "if rec.Index == 0 && rec.sum(group, l.sum) != sum {", test: "TestAFlippedBitIsRefusedOrHarmless",
	},
	{
		what: "a directory that was rolled back is let in", file: "replication/peer/book.go",
		old: "if e.Incarnation < old.Incarnation || e", new: "if e", test: "TestStrangersAreRefused|TestIncarnationsRise",
	},
	{
		what: "a node of another store is let in", file: "replication/peer/tcp.go",
		old: "case h.Store != n.conf.Store:", new: "case h.Store != n.conf.Store && h.Store == n.conf.Node:", test: "TestStrangersAreRefused",
	},
	{
		what: "a copy takes a shard back", file: "shard/replace.go",
		old: "applied < atLeast {", new: "applied < atLeast && applied > 1<<60 {", test: "TestAWrongCopyIsRefused",
	},
	{
		what: "what a shard holds is applied again", file: "shard/apply.go",
		old: "e.Index > s.state.applied {", new: "e.Index > 0 {", test: "TestAppliedEntriesAreSkipped",
	},
	{
		what: "a node that starts waits for its own leadership", file: "commerce.go",
		old: "s.id.Joined || len(l.group.Members()) > 1 {", new: "s.id.Joined {", pkg: "./internal/sim", test: "TestTheFirstNodeComesBack",
	},
	{
		what: "who holds an invitation may do everything", file: "invite.go",
		old: "case !c.in().conf.InviteOnly ||", new: "case true ||", test: "TestAnInvitationOpensNothingElse",
	},
	{
		what: "a node invites itself", file: "invite.go",
		old: "what.Op == callInvite && what.Node == from", new: "what.Op == callInvite && what.Node == \"\"", test: "TestAnInvitationOpensNothingElse",
	},
	{
		what: "those that answer decide which copy is right", file: "audit.go",
		old: "case votes[best]*2 <= voters:", new: "case votes[best]*2 <= voters-len(s.Missing):", test: "TestVotersDecideWhichCopyIsRight",
	},
	{
		what: "a session does not hold what was passed on", file: "reads.go",
		old: "max(l.shard.Applied(), l.wrote.Load(), entryOf", new: "max(l.shard.Applied(), entryOf", test: "TestASessionSeesWhatItWrote",
	},
	{
		what: "a tool takes a node's place", file: "replication/peer/tcp.go",
		old: `if h.Addr == "" {`, new: `if h.Addr == "-" {`, test: "TestToolsLeaveNodesAlone",
	},
	{
		what: "commands wait without bound", file: "shard/proposer.go",
		old: "case bytes > maxWaitingBytes:", new: "case bytes < 0:", test: "TestWhatWaitsIsBounded",
	},
	{
		what: "a program opens a store whose level it does not know", file: "shard/shard.go",
		old: "newest := Newest(c.Commands.Modules()); level > newest {", new: "newest := Newest(c.Commands.Modules()); level > newest+1 {", pkg: "./internal/sim", test: "TestTheLevelIsRaised",
	},
	{
		what: "a level is taken that a member does not know", file: "level.go",
		old: "case n.Knows < level:", new: "case n.Knows > level:", pkg: "./internal/sim", test: "TestTheLevelIsRaised",
	},
	{
		what: "a new leader of a cluster believes its wall clock", file: "lane.go",
		old: "case fresh && wall > 0 && !l.shared.Load():", new: "case fresh && wall > 0:", test: "TestALeadersWallClockEndsNoHold",
	},
	{
		what: "a long change counts as hanging", file: "replication/addgroup.go",
		old: "dog: watchdog.Dog{Steps: g.steps}", new: "dog: watchdog.Dog{}", test: "TestALongChangeIsNoHang",
	},
	{
		what: "a long checkpoint counts as hanging", file: "shard/checkpoint.go",
		old: "bytes/pieceBytes, work)", new: "bytes/pieceBytes/1000, work)", test: "TestALongCheckpointIsNoHang",
	},
	{
		what: "nobody watches reads of the log", file: "replication/internal/raftlog/raftlog.go",
		old: "f.work.Go(f.watchReads)", new: "", test: "TestAHangingReadStopsTheFile",
	},
	{
		what: "reading the log at the start is no progress", file: "replication/addgroup.go",
		old: "default:\n\t\tg.stepped()", new: "default:", test: "TestReadingTheLogIsProgress",
	},
	{
		what: "caches are not told what is stale", file: "commerce.go",
		old: "s.cache.Bump(key)", new: "_ = key", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "events are told before caches know of them", file: "shard/apply.go",
		old:  "if s.cfg.Committed != nil {\n\t\ts.cfg.Committed(touched)\n\t}\n\ts.publish()\n",
		new:  "s.publish()\n\tif s.cfg.Committed != nil {\n\t\ts.cfg.Committed(touched)\n\t}\n",
		test: "TestCachesKnowBeforeEventsTell",
	},
	{
		what: "an index does not follow the catalog", file: "search/follow.go",
		old: "c.products[catalog.ProductID(e.Subject)] = true", new: "_ = e.Subject", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "some of what staff does is not noted", file: "shard/apply.go",
		old: "if err == nil && env.Staff {", new: "if err == nil && env.Staff && env.Key < \"client-2\" {", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "records of the trail do not follow on each other", file: "shard/trail.go",
		old: "f.body, f.hash(before))", new: "f.body, f.hash(before[:0]))", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "the use of a code is not given back", file: "orders/cancel.go",
		old: "pricing.Unredeem(tx, string(o.ID))", new: "pricing.Unredeem(tx, \"\")", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "the goods of an order that is canceled stay reserved", file: "orders/cancel.go",
		old: "return inventory.Uncommit(tx, string(o.ID), nil)", new: "return nil", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "a budget counts uses instead of money", file: "pricing/redeem.go",
		old: "Quantity: u.Amount}", new: "Quantity: 1}", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "a refund without an answer is asked for under another key", file: "payments/settle.go",
		old: "RefundRequest{Key: op.Key(),", new: "RefundRequest{Key: op.Key() + string(op.State),", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "what else was authorized for an order that failed is not let go", file: "payments/plan.go",
		old: "if open <= 0 || b.under(a.ID, KindVoid) > 0", new: "if open >= 0 || b.under(a.ID, KindVoid) > 0", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "what a cart holds is held for ever", file: "cart/reserve.go",
		old: "h.heldUntil == 0 || h.heldUntil > tx.Clock {", new: "h.heldUntil == 0 || h.heldUntil > 1 {", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "the parts of a kit are reserved twice", file: "checkout/source.go",
		old: "return inventory.Take(parts, 0, l.Quantity)",
		new: "return append(inventory.Take(parts, 0, l.Quantity), inventory.Take(parts, 0, l.Quantity)...)",
		pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "what a webhook tells is forgotten if the bank cannot be asked at once", file: "checkout/webhook.go",
		old: "tx.SetTimer(hearDue, TimerHear, string(a.Order))", new: "nil", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "a timer whose work failed is not tried again", file: "timers.go",
		old: "a.running || a.next > now ||", new: "a.running || a.next > 0 ||", pkg: "./internal/sim", test: "TestSimulation",
	},
	{
		what: "a checkout is refused for what a node that is behind knows", file: "checkout/priced.go",
		old: "if err == nil && c.buyable() ||", new: "if err == nil ||", pkg: ".", test: "TestACheckoutOnANodeThatIsBehind",
	},
	{
		what: "members change twice at once", file: "replication/members.go",
		old: "if !g.changing.CompareAndSwap(false, true) {", new: "if g.changing.CompareAndSwap(false, true); false {", test: "TestMembersChangeOneAtATime",
	},
	{
		what: "a disk that hangs now and then is good enough", file: "replication/internal/raftlog/probe.go",
		old: "for i := range probes {", new: "for i := range probes / 2 {", test: "TestASickDiskIsNotUsed",
	},
}

// TestTheBugsCanBePlanted: each place is there, once, so that the list does not get out of date.
func TestTheBugsCanBePlanted(t *testing.T) {
	for _, b := range bugs {
		if _, err := b.plant(); err != nil {
			t.Errorf("%s: %v", b.what, err)
		}
	}
}

// plant returns the file with the bug in it.
func (b bug) plant() (string, error) {
	data, err := os.ReadFile(filepath.Join("..", "..", b.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(data), b.old); n != 1 {
		return "", &placeError{b.file, b.old, n}
	}
	return strings.Replace(string(data), b.old, b.new, 1), nil
}

type placeError struct {
	file, old string
	n         int
}

func (e *placeError) Error() string {
	return "in " + e.file + " this is not there exactly once: " + e.old
}

// TestPlantedBugsAreFound plants each bug and runs its test. It takes minutes.
func TestPlantedBugsAreFound(t *testing.T) {
	if os.Getenv("COMMERCE_LONG") == "" {
		t.Skip("takes minutes: make planted")
	}
	for _, b := range bugs {
		t.Run(b.what, func(t *testing.T) {
			out, found := b.run(t)
			if !found {
				t.Errorf("%s has not found it\n%s", b.test, out)
			}
			t.Log(complaint(out))
		})
	}
}

// complaint returns the first thing that a test said.
func complaint(out string) string {
	for line := range strings.Lines(out) {
		if strings.Contains(line, "_test.go:") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// run runs the test with the bug, and reports whether it failed.
func (b bug) run(t *testing.T) (out string, found bool) {
	source, err := b.plant()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	with := filepath.Join(dir, "file.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, b.file): with}})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{with: []byte(source), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pkg := b.pkg
	if pkg == "" {
		pkg = "./" + filepath.ToSlash(filepath.Dir(b.file))
	}
	limit := "90s"
	if pkg == "./internal/sim" {
		limit = "10m" // slow is not found
	}
	c := exec.Command("go", "test", "-count=1", "-timeout="+limit, "-vet=off", "-overlay="+filepath.Join(dir, "overlay.json"), "-run=^("+b.test+")$", pkg)
	c.Dir = root
	got, err := c.CombinedOutput()
	if strings.Contains(string(got), "[build failed]") || strings.Contains(string(got), "no tests to run") {
		t.Fatalf("the test cannot be run: %s", got)
	}
	return string(got), err != nil
}
