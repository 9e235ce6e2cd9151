package faultvfs

import (
	"path/filepath"
	"time"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// callbacks are the methods of an FS as SQLite calls them. They are closures on the Go heap, which does not move;
// their FS keeps them alive.
type callbacks struct {
	open     func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	delete   func(tls *libc.TLS, vfs, name uintptr, dirSync int32) int32
	close    func(tls *libc.TLS, file uintptr) int32
	read     transfer
	write    transfer
	truncate func(tls *libc.TLS, file uintptr, size int64) int32
	sync     func(tls *libc.TLS, file uintptr, flags int32) int32
}

type transfer = func(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32

func (f *FS) callbacks() callbacks {
	return callbacks{open: f.open, delete: f.delete, close: f.close,
		read: f.read, write: f.write, truncate: f.truncate, sync: f.sync}
}

// ptr makes a C address usable. The detour through memory tells vet that p never was a Go pointer.
func ptr(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// at is the C structure at p.
func at[T any](p uintptr) *T { return (*T)(ptr(p)) }

// code is the address of a function as SQLite stores it, and call the function at such an address.
func code[F any](fn *F) uintptr { return *(*uintptr)(unsafe.Pointer(fn)) }
func call[F any](p uintptr) F   { return *(*F)(unsafe.Pointer(&p)) }

func (f *FS) open(tls *libc.TLS, _, name, pFile uintptr, flags int32, out uintptr) int32 {
	under := at[lib.Tsqlite3_vfs](f.under)
	if name == 0 { // a temporary file, which nobody misses after a power cut
		return call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](under.FxOpen)(
			tls, f.under, name, pFile, flags, out)
	}
	path := libc.GoString(name)
	known := f.image(path)
	rc := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](under.FxOpen)(
		tls, f.under, name, pFile, flags, out)
	head := at[lib.Tsqlite3_file](pFile)
	if rc != lib.SQLITE_OK || head.FpMethods == 0 {
		return rc
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.images[path] == nil {
		f.images[path] = known
	}
	image := f.images[path]
	image.recreate()
	const journals = lib.SQLITE_OPEN_WAL | lib.SQLITE_OPEN_MAIN_JOURNAL | lib.SQLITE_OPEN_SUPER_JOURNAL
	f.files[pFile] = &file{
		path:    path,
		writer:  f.byWriter(tls, name, flags),
		image:   image,
		orig:    at[lib.Tsqlite3_io_methods](head.FpMethods),
		dirSync: flags&lib.SQLITE_OPEN_CREATE != 0 && flags&journals != 0,
	}
	head.FpMethods = f.wrap(tls, head.FpMethods)
	return rc
}

// byWriter reports whether the connection that opens a file may write. A -wal is always opened for writing; its name
// leads to that of its database in the memory of the same connection.
func (f *FS) byWriter(tls *libc.TLS, name uintptr, flags int32) bool {
	if flags&lib.SQLITE_OPEN_MAIN_DB != 0 {
		f.readers[name] = flags&lib.SQLITE_OPEN_READONLY != 0
		return !f.readers[name]
	}
	return !f.readers[lib.Xsqlite3_filename_database(tls, name)]
}

// wrap returns the method table that stands in for the one of the operating system.
func (f *FS) wrap(tls *libc.TLS, orig uintptr) uintptr {
	if m, ok := f.methods[orig]; ok {
		return m
	}
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	m := at[lib.Tsqlite3_io_methods](p)
	*m = *at[lib.Tsqlite3_io_methods](orig)
	m.FiVersion = min(m.FiVersion, 2) // without memory mapping every read and write is seen
	m.FxClose = code(&f.calls.close)
	m.FxRead = code(&f.calls.read)
	m.FxWrite = code(&f.calls.write)
	m.FxTruncate = code(&f.calls.truncate)
	m.FxSync = code(&f.calls.sync)
	f.methods[orig] = p
	return p
}

func (f *FS) file(pFile uintptr) *file {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files[pFile]
}

func (f *FS) close(tls *libc.TLS, pFile uintptr) int32 {
	file := f.file(pFile)
	f.mu.Lock()
	delete(f.files, pFile)
	f.mu.Unlock()
	return call[func(*libc.TLS, uintptr) int32](file.orig.FxClose)(tls, pFile)
}

func (f *FS) read(tls *libc.TLS, pFile, buf uintptr, n int32, off int64) int32 {
	file := f.file(pFile)
	if failure := f.meet(Read, file.writer); failure != 0 {
		return failure.code(lib.SQLITE_IOERR_READ)
	}
	return call[transfer](file.orig.FxRead)(tls, pFile, buf, n, off)
}

func (f *FS) write(tls *libc.TLS, pFile, buf uintptr, n int32, off int64) int32 {
	file := f.file(pFile)
	failure := f.meet(Write, file.writer)
	if failure != 0 {
		n = n / 2 / sector * sector // as far as it came
	}
	if n > 0 {
		f.mu.Lock()
		file.image.write(off, unsafe.Slice((*byte)(ptr(buf)), n))
		f.mu.Unlock()
		if rc := call[transfer](file.orig.FxWrite)(tls, pFile, buf, n, off); rc != lib.SQLITE_OK {
			return rc
		}
	}
	if failure != 0 {
		return failure.code(lib.SQLITE_IOERR_WRITE)
	}
	return lib.SQLITE_OK
}

func (f *FS) truncate(tls *libc.TLS, pFile uintptr, size int64) int32 {
	file := f.file(pFile)
	if failure := f.meet(Truncate, file.writer); failure != 0 {
		return failure.code(lib.SQLITE_IOERR_TRUNCATE)
	}
	f.mu.Lock()
	file.image.truncate(size)
	f.mu.Unlock()
	return call[func(*libc.TLS, uintptr, int64) int32](file.orig.FxTruncate)(tls, pFile, size)
}

// sync makes the image durable and leaves the real file alone.
func (f *FS) sync(_ *libc.TLS, pFile uintptr, _ int32) int32 {
	file := f.file(pFile)
	failure := f.meet(Sync, file.writer)
	f.mu.Lock()
	slow := f.slow
	f.mu.Unlock()
	time.Sleep(slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	if failure != 0 {
		file.image.lose(f.rng)
		return failure.code(lib.SQLITE_IOERR_FSYNC)
	}
	file.image.sync()
	if file.dirSync {
		f.syncDir(filepath.Dir(file.path))
		file.dirSync = false
	}
	return lib.SQLITE_OK
}

func (f *FS) delete(tls *libc.TLS, _, name uintptr, dirSync int32) int32 {
	if failure := f.meet(Delete, true); failure != 0 {
		return failure.code(lib.SQLITE_IOERR_DELETE)
	}
	rc := call[func(*libc.TLS, uintptr, uintptr, int32) int32](at[lib.Tsqlite3_vfs](f.under).FxDelete)(
		tls, f.under, name, 0)
	if rc != lib.SQLITE_OK {
		return rc
	}
	path := libc.GoString(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if dirSync != 0 {
		delete(f.images, path)
	} else if image := f.images[path]; image != nil {
		image.gone = true
	}
	return rc
}
