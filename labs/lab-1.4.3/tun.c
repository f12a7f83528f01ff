/* tun.c: make a tun device and print the length of every packet read from it.
 *
 *     cc tun.c -o tun && ./tun
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* As large as the device's MTU, so a whole packet fits. */
#define BUFFER_SIZE 1500

/* Make a tun or tap device. Returns its file descriptor, or -1.
 * The kernel fills in `name`. */
static int tun_alloc(short flags, char name[IFNAMSIZ])
{
    struct ifreq request;

    /* The driver's file. */
    int fd = open("/dev/net/tun", O_RDWR);
    if (fd < 0)
        return -1;

    /* All zero also means an empty name: the kernel picks a free one. */
    memset(&request, 0, sizeof request);
    request.ifr_flags = flags;

    /* From here on the network device exists, and `fd` is its far end. */
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        return -1;

    memcpy(name, request.ifr_name, IFNAMSIZ);
    return fd;
}

int main(void)
{
    char name[IFNAMSIZ];
    unsigned char packet[BUFFER_SIZE];

    /* What the flags mean, the steps will show. */
    int fd = tun_alloc(IFF_TUN | IFF_NO_PI, name);
    if (fd < 0) {
        perror("Allocating interface");
        exit(1);
    }
    printf("Open tun/tap device: %s for reading...\n", name);

    for (;;) {
        /* Sleeps until there is a packet. One read gives one packet. */
        ssize_t length = read(fd, packet, sizeof packet);
        if (length < 0) {
            perror("Reading from interface");
            exit(1);
        }
        printf("Read %d bytes from tun/tap device\n", (int)length);
    }
}
