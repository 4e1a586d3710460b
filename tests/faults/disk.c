/* A disk that fails: loaded before the C library (LD_PRELOAD), it lets the n-th write or sync below one directory fail with
 * an error of choice, once or from then on, and counts them. Only for tests; nothing of it is in the program.
 *
 *   FAULT_DIR    files below this directory are concerned
 *   FAULT_AT     which call fails, from 1; 0 lets all pass
 *   FAULT_ERRNO  the error: 5 is EIO, 28 is ENOSPC
 *   FAULT_STAYS  set: every call from then on fails too
 *   FAULT_COUNT  file that gets the number of calls when the program ends
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static int concerns(int fd) {
    const char *dir = getenv("FAULT_DIR");
    char link[64], path[4096];
    if (dir == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, dir, strlen(dir)) == 0;
}

static int fails(int fd) {
    int before = errno;
    if (!concerns(fd)) {
        errno = before;
        return 0;
    }
    long call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    const char *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERRNO");
    long wanted = at ? atol(at) : 0;
    if (wanted == 0 || call < wanted || (call > wanted && getenv("FAULT_STAYS") == NULL)) {
        errno = before;
        return 0;
    }
    errno = error ? atoi(error) : EIO;
    return 1;
}

__attribute__((destructor)) static void told(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file == NULL) return;
    fprintf(file, "%ld\n", calls);
    fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *from, size_t size) {
    return fails(fd) ? -1 : REAL(write)(fd, from, size);
}
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
    return fails(fd) ? -1 : REAL(pwrite)(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    return fails(fd) ? -1 : REAL(pwrite64)(fd, from, size, at);
}
int fsync(int fd) {
    return fails(fd) ? -1 : REAL(fsync)(fd);
}
int fdatasync(int fd) {
    return fails(fd) ? -1 : REAL(fdatasync)(fd);
}
int ftruncate(int fd, off_t size) {
    return fails(fd) ? -1 : REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    return fails(fd) ? -1 : REAL(ftruncate64)(fd, size);
}
