/* A CUDA driver that computes nothing, for machines without a card: `cc` makes a `libcuda.so.1` of it.
 *
 * It answers as a driver of CUDA 13.0 with one card of the Hopper generation. Memory of the card is memory of the host and zero at first, copies copy,
 * kernels are written down and never run; once one was launched, all that is read is zero, for tokens and indices are taken from it. So a program compiles every kernel and starts every launch that it would on a card, and its results mean
 * nothing.
 *
 * NL2SQL_PRETENDED_DRIVER names the folder that it writes into: `events.tsv`, a line for each event in the order they happen, and each kernel as
 * `<number>.ptx`. Without it nothing is written. The events, and what stands behind a tab in their lines:
 *
 *     kernel   number and name, when the program asks for it
 *     launch   number of the kernel
 *     upload   bytes copied from the host
 *     read     bytes copied to the host
 *     wait     nothing: the host waits for the card
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Types of the driver's interface, and those of its numbers that are answered or read here. */
typedef int status;
typedef void *handle;
typedef unsigned long long address;

enum { SUCCESS = 0, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, NOT_FOUND = 500 };
enum { CUDA_VERSION = 13000 };
enum { MEMORY_OF_HOST = 1 };

static const char *const CARD = "pretended card, compute capability 9.0";
static const size_t MEMORY = 80ull << 30;

/* ---- What is written down ---- */

static pthread_mutex_t recording = PTHREAD_MUTEX_INITIALIZER;

static const char *folder(void) { return getenv("NL2SQL_PRETENDED_DRIVER"); }

static FILE *create(const char *name) {
    char path[4096];
    if (!folder()) return NULL;
    snprintf(path, sizeof path, "%s/%s", folder(), name);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        abort();
    }
    return file;
}

/* Whoever reads counts wants all of them: what cannot be written ends the program. */
static void record(const char *format, ...) {
    static FILE *events;
    va_list values;
    if (!folder()) return;
    pthread_mutex_lock(&recording);
    if (!events) events = create("events.tsv");
    va_start(values, format);
    if (vfprintf(events, format, values) < 0 || fflush(events) != 0) {
        perror("events.tsv");
        abort();
    }
    va_end(values);
    pthread_mutex_unlock(&recording);
}

/* ---- The driver and its card ---- */

status cuInit(unsigned flags) { return SUCCESS; }
status cuDriverGetVersion(int *version) { *version = CUDA_VERSION; return SUCCESS; }
status cuGetErrorName(status error, const char **text) { *text = "an error of the pretended driver"; return SUCCESS; }
status cuGetErrorString(status error, const char **text) { return cuGetErrorName(error, text); }

status cuDeviceGetCount(int *count) { *count = 1; return SUCCESS; }
status cuDeviceGet(int *device, int number) { *device = number; return number == 0 ? SUCCESS : INVALID_DEVICE; }
status cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "%s", CARD); return SUCCESS; }
status cuDeviceGetUuid_v2(unsigned char *id, int device) { memset(id, 1, 16); return SUCCESS; }
status cuDeviceGetUuid(unsigned char *id, int device) { return cuDeviceGetUuid_v2(id, device); }
status cuDeviceGetPCIBusId(char *id, int size, int device) { snprintf(id, size, "0000:01:00.0"); return SUCCESS; }
status cuDeviceCanAccessPeer(int *can, int device, int peer) { *can = 0; return SUCCESS; }
status cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = MEMORY; return SUCCESS; }
status cuMemGetInfo_v2(size_t *available, size_t *total) { *available = *total = MEMORY; return SUCCESS; }

/* Numbers and values as NVIDIA documents them for compute capability 9.0; all that is not here is 0. */
static const struct { int number, value; } ATTRIBUTES[] = {
    {1, 1024},        /* threads of a block */
    {2, 1024}, {3, 1024}, {4, 64},              /* size of a block */
    {5, 2147483647}, {6, 65535}, {7, 65535},    /* size of a grid */
    {8, 49152},       /* shared memory of a block */
    {10, 32},         /* threads of a warp */
    {11, 2147483647}, /* largest pitch */
    {12, 65536},      /* registers of a block */
    {13, 1980000},    /* clock in kHz */
    {16, 132},        /* multiprocessors */
    {38, 52428800},   /* second-level cache */
    {39, 2048},       /* threads of a multiprocessor */
    {75, 9}, {76, 0}, /* compute capability */
    {81, 233472},     /* shared memory of a multiprocessor */
    {97, 232448},     /* shared memory of a block that asks for more */
    {115, 1},         /* memory pools */
};

status cuDeviceGetAttribute(int *value, int number, int device) {
    *value = 0;
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++)
        if (ATTRIBUTES[i].number == number) *value = ATTRIBUTES[i].value;
    return SUCCESS;
}

/* Contexts and streams are told apart by nobody here: each is the address of this. */
static int anything;

status cuDevicePrimaryCtxRetain(handle *context, int device) { *context = &anything; return SUCCESS; }
status cuDevicePrimaryCtxRelease_v2(int device) { return SUCCESS; }
status cuCtxSetCurrent(handle context) { return SUCCESS; }
status cuCtxGetCurrent(handle *context) { *context = &anything; return SUCCESS; }
status cuCtxGetStreamPriorityRange(int *least, int *greatest) { *least = 0; *greatest = -5; return SUCCESS; }
status cuCtxSynchronize(void) { record("wait\n"); return SUCCESS; }

/* ---- Memory ---- */

static atomic_ulong launches;

/* Memory that is used again holds what was uploaded before; taken for what a kernel computed, it would be an index beyond everything. */
static void copy_to_host(void *target, const void *source, size_t bytes) {
    if (atomic_load(&launches)) memset(target, 0, bytes);
    else memcpy(target, source, bytes);
}

/* Pages that nobody touches cost nothing. The first one keeps the length, so that what follows is aligned as a card's memory is. */
enum { PAGE = 4096 };

status cuMemAlloc_v2(address *start, size_t bytes) {
    size_t length = bytes + PAGE;
    void *pages = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return OUT_OF_MEMORY;
    *(size_t *)pages = length;
    *start = (address)(uintptr_t)pages + PAGE;
    return SUCCESS;
}

status cuMemFree_v2(address start) {
    void *pages = (void *)(uintptr_t)(start - PAGE);
    if (start) munmap(pages, *(size_t *)pages);
    return SUCCESS;
}

status cuMemAllocAsync(address *start, size_t bytes, handle stream) { return cuMemAlloc_v2(start, bytes); }
status cuMemFreeAsync(address start, handle stream) { return cuMemFree_v2(start); }

status cuMemAllocHost_v2(void **start, size_t bytes) {
    return posix_memalign(start, PAGE, bytes ? bytes : 1) ? OUT_OF_MEMORY : SUCCESS;
}

status cuMemFreeHost(void *start) { free(start); return SUCCESS; }

status cuMemcpyHtoDAsync_v2(address target, const void *source, size_t bytes, handle stream) {
    record("upload\t%zu\n", bytes);
    memcpy((void *)(uintptr_t)target, source, bytes);
    return SUCCESS;
}

status cuMemcpyDtoHAsync_v2(void *target, address source, size_t bytes, handle stream) {
    record("read\t%zu\n", bytes);
    copy_to_host(target, (const void *)(uintptr_t)source, bytes);
    return SUCCESS;
}

status cuMemcpyDtoDAsync_v2(address target, address source, size_t bytes, handle stream) {
    memmove((void *)(uintptr_t)target, (const void *)(uintptr_t)source, bytes);
    return SUCCESS;
}

status cuMemsetD8Async(address start, unsigned char value, size_t bytes, handle stream) {
    memset((void *)(uintptr_t)start, value, bytes);
    return SUCCESS;
}

/* One side of a copy of rows, as the driver's interface lays it out. */
struct side {
    size_t column, row;
    int memory;
    void *host;
    address device;
    handle array;
    size_t pitch;
};

struct copy_of_rows {
    struct side source, target;
    size_t width, height;
};

static char *beginning(const struct side *side) {
    char *start = side->memory == MEMORY_OF_HOST ? side->host : (char *)(uintptr_t)side->device;
    return start + side->row * side->pitch + side->column;
}

status cuMemcpy2DAsync_v2(const struct copy_of_rows *copy, handle stream) {
    if (copy->source.memory == MEMORY_OF_HOST) record("upload\t%zu\n", copy->width * copy->height);
    if (copy->target.memory == MEMORY_OF_HOST) record("read\t%zu\n", copy->width * copy->height);
    char *target = beginning(&copy->target);
    const char *source = beginning(&copy->source);
    for (size_t row = 0; row < copy->height; row++) {
        char *to = target + row * copy->target.pitch;
        const char *from = source + row * copy->source.pitch;
        if (copy->target.memory == MEMORY_OF_HOST) copy_to_host(to, from, copy->width);
        else memcpy(to, from, copy->width);
    }
    return SUCCESS;
}

/* ---- Streams and events: everything is done at once, and every launch takes as long as any other ---- */

/* What passed before an event. */
struct event { unsigned long launches; };

enum { MICROSECONDS_OF_A_LAUNCH = 10 };

status cuStreamCreate(handle *stream, unsigned flags) { *stream = &anything; return SUCCESS; }
status cuStreamCreateWithPriority(handle *stream, unsigned flags, int priority) { return cuStreamCreate(stream, flags); }
status cuStreamDestroy_v2(handle stream) { return SUCCESS; }
status cuStreamWaitEvent(handle stream, handle event, unsigned flags) { return SUCCESS; }
status cuStreamQuery(handle stream) { return SUCCESS; }
status cuStreamSynchronize(handle stream) { record("wait\n"); return SUCCESS; }

status cuEventCreate(handle *event, unsigned flags) {
    *event = calloc(1, sizeof(struct event));
    return *event ? SUCCESS : OUT_OF_MEMORY;
}

status cuEventDestroy_v2(handle event) { free(event); return SUCCESS; }

status cuEventRecord(handle event, handle stream) {
    ((struct event *)event)->launches = atomic_load(&launches);
    return SUCCESS;
}

status cuEventQuery(handle event) { return SUCCESS; }
status cuEventSynchronize(handle event) { record("wait\n"); return SUCCESS; }

/* Whoever measures the card until a time has passed must see time pass. */
status cuEventElapsedTime_v2(float *milliseconds, handle from, handle to) {
    unsigned long between = ((struct event *)to)->launches - ((struct event *)from)->launches;
    *milliseconds = (float)(between * MICROSECONDS_OF_A_LAUNCH) / 1000;
    return SUCCESS;
}

status cuEventElapsedTime(float *milliseconds, handle from, handle to) { return cuEventElapsedTime_v2(milliseconds, from, to); }

/* ---- Kernels ---- */

struct kernel { int number; };

status cuModuleLoadData(handle *module, const void *ptx) {
    static int loaded;
    struct kernel *kernel = malloc(sizeof *kernel);
    char name[32];
    if (!kernel) return OUT_OF_MEMORY;
    pthread_mutex_lock(&recording);
    kernel->number = ++loaded;
    pthread_mutex_unlock(&recording);
    snprintf(name, sizeof name, "%d.ptx", kernel->number);
    FILE *file = create(name);
    if (file && (fputs(ptx, file) < 0 || fclose(file) != 0)) {
        perror(name);
        abort();
    }
    *module = kernel;
    return SUCCESS;
}

status cuModuleLoadDataEx(handle *module, const void *ptx, unsigned options, int *names, void **values) {
    return cuModuleLoadData(module, ptx);
}

/* Handles of kernels may outlive their module, and there are a few hundred at most. */
status cuModuleUnload(handle module) { return SUCCESS; }

status cuModuleGetFunction(handle *function, handle module, const char *name) {
    if (!module) return NOT_FOUND;
    *function = module;
    record("kernel\t%d\t%s\n", ((struct kernel *)module)->number, name);
    return SUCCESS;
}

status cuFuncSetAttribute(handle function, int number, int value) { return SUCCESS; }

/* The first attribute is how many threads of a block a kernel allows. */
status cuFuncGetAttribute(int *value, int number, handle function) { *value = number == 0 ? 1024 : 32; return SUCCESS; }

static status launch(const struct kernel *kernel) {
    atomic_fetch_add(&launches, 1);
    record("launch\t%d\n", kernel->number);
    return SUCCESS;
}

status cuLaunchKernel(handle function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                      unsigned shared_memory, handle stream, void **parameters, void **extra) {
    return launch(function);
}

status cuLaunchKernelEx(const void *settings, handle function, void **parameters, void **extra) {
    return launch(function);
}

/* Descriptions of tensors for the copy engine, which only kernels read. */
status cuTensorMapEncodeTiled(void *map, ...) { return SUCCESS; }
status cuTensorMapEncodeIm2col(void *map, ...) { return SUCCESS; }
status cuTensorMapEncodeIm2colWide(void *map, ...) { return SUCCESS; }
