// Package commerce is a shop that lives inside your program.
//
// A [Store] is a directory. It holds a catalog, stock, carts, orders, payments
// and customers, and it sells, with no server beside your own process.
//
// Four words carry the rest. A store is divided into shards. A command is one
// change of a shard. An event tells what a command did.
//
// # Opening a store
//
// [Open] takes a directory and makes a store of it when it is missing or empty.
// The number of shards is fixed then: [DefaultShards], or what [WithShards]
// says. A directory belongs to one Store at a time; a second opener gets a
// [*LockedError]. The keys that personal data hangs from are in the file
// DIR.keys beside the directory, unless [WithKeyRing] names another place. Back
// up both, apart from each other.
//
//	shop, err := commerce.Open(ctx, "shop.data")
//	if err != nil {
//		return err
//	}
//	defer shop.Close()
//
// A store stops itself when a file cannot be read or written as it must, since
// whatever it did next could lose what it has confirmed. Your program lives on:
// [Store.Failed] is closed, [Store.Err] says why, and every call returns
// [fault.Broken]. Close the store, see to the cause and open it again.
//
// # Commands and reads
//
// The services are fields of the store. Every change is a command: a struct
// that you fill in and hand to the method of its name.
//
//	order, err := shop.Orders.Cancel(ctx, orders.Cancel{Order: id, Reason: "changed her mind"})
//
// The struct is validated, completed with what only the caller's side can know
// (the time, new IDs, prices, sealed personal fields), written to a log,
// synced, and applied in one SQLite transaction. When the method returns
// without an error, the change is on disk. Commands that wait for the same
// shard share one sync.
//
// Reads return plain values. Lists are iterators that page by ID; they stop
// when the loop does.
//
//	for order, err := range shop.Orders.All(ctx, orders.Filter{Customer: id}) {
//
// A program's own rules go into hooks ([WithHook]). They see a command before
// it is logged, may adjust what the caller filled in, and may refuse it.
//
// # Consistency
//
// Exactly:
//
//   - Commands on one shard have one order, and each sees all before it. A
//     command changes one shard, all of it or nothing.
//   - A read sees every command that was acknowledged before the read began,
//     whoever asked for it. Reads served from the cache are no exception.
//   - What a read shows is durable: commands are synced before they are applied.
//   - One read of one thing is one snapshot. A list over all shards is not: it
//     merges the shards page by page, and an order that is placed meanwhile may
//     be missing from it or not.
//   - A customer's carts, orders, payments and ledger entries live on one shard;
//     so do those of a guest. What happens between them happens at once.
//   - What spans shards takes several commands: bringing stock to a shard,
//     claiming an e-mail address or a SKU, merging a guest's cart. Each step is
//     harmless to repeat, and what a crash cut short is finished in the
//     background after the next Open, or by whoever needs it first.
//
// In plain words: after a call has returned, everybody sees it, and a crash
// does not undo it. Two shoppers who want the last one get one of it between
// them. Do not treat a listing as a feed; that is what events are for.
//
// # Errors
//
// Every error carries a code of package [fault] that says what you can do. Find
// it with errors.Is or [fault.CodeOf].
//
//	fault.Invalid      the request can never work: mend it
//	fault.NotFound     there is no such thing
//	fault.Conflict     it has changed, or the key was used before: read again and decide
//	fault.Refused      a rule says no, as in out of stock or declined
//	fault.Denied       not permitted
//	fault.Unavailable  nothing happened: try again later
//	fault.Uncertain    it may have happened: ask again with the same key
//	fault.Broken       the store has stopped or a file is damaged: somebody must look
//
// Where you need the noun, there is a type for it.
//
//	if e, ok := errors.AsType[*inventory.OutOfStockError](err); ok {
//		return fmt.Errorf("only %d of %s are left", e.Have, e.SKU)
//	}
//
// A refusal is an answer like any other: it is logged, and the same request
// with the same key gets it again. A declined card is one. A provider that has
// not said yet is none: the order comes back pending, without an error, and is
// finished in the background.
//
// # Idempotency
//
// Commands have a field Key. A second call with the same key and the same
// fields changes nothing and gets the first one's answer, also after a restart
// and also if that was a refusal. The fields count as you gave them, before the
// store added prices and times. The same key with other fields is a conflict.
//
// A call without a key gets one. When its outcome is not known, the error is
// [fault.Uncertain] and names that key, so that you can still ask again.
//
// Answers are kept for seven days at least. Some things stay protected without
// them: a cart can be bought once, and buying it again returns the order that
// was made of it; a payment attempt keeps its key with the provider in its own
// row.
//
// # Events
//
// An event is a row that is written in the transaction of what it tells of:
// after a crash both are there, or neither. It never holds personal data.
//
// [Store.Events] returns those after a [Position], up to now; [Store.Follow]
// goes on and waits. Within a shard they come in the order in which things
// happened, numbered without gaps; between shards there is no order. All events
// of one customer's, or one guest's, carts, orders and payments are of one
// shard.
//
// Store the position beside what you made of the events, in one transaction if
// you can. After a crash you go on from there: every event arrives at least
// once. Events are kept for thirty days. A consumer that stayed away longer gets
// a [*PositionExpiredError] and starts from the state itself. Package webhooks
// sends them to other programs.
//
// # Fitting into a program
//
// [WithHook] shows you every request before it is logged: a hook may adjust or
// refuse it. [Store.Query] runs read-only SQL over views of all shards, for
// reports. [As] says for whom a call is made. Carts, orders, products and
// customers carry your metadata, public and private, and an external reference.
//
// # Compatibility
//
// Three things have versions of their own. The API follows semantic versioning;
// before 1.0 it may change with any minor version. Files on disk have a format:
// a newer program opens older directories, an older one refuses newer ones. What
// commands do has a level, which a logged command raises, so that a log replays
// as it was written. CHANGELOG.md lists every change of the latter two under
// Formats.
package commerce
