import hashlib, os, random, socket, struct, sys, time
import pytest
from inside import nodes
from inner_packets import checksum
from tcp_stream import transferred
from test_tunnel_offloads import run, stream, MTU
from underlay import INNER, OUTER, PATIENCE, entered_socket, wait_until
from tunlab.kernel import sysctl
pytestmark = pytest.mark.needs("sandbox", "tun")
DATA = random.Random(1).randbytes(3_000_000)
HASH = hashlib.sha256(DATA).hexdigest()
SEG = 103

def through(net, family, to, src=None, opts=(), data=DATA, listen=None):
    l = entered_socket(net.b, family, socket.SOCK_STREAM); s = entered_socket(net.a, family, socket.SOCK_STREAM)
    for o in opts: s.setsockopt(*o)
    with l, s:
        l.bind((listen or to, 80)); l.listen(); s.settimeout(8); s.connect((to, 80))
        r,_ = l.accept(); r.settimeout(8)
        with r:
            t=time.monotonic(); h=transferred(s, r, data); return h, time.monotonic()-t

def test_lsrr(sandboxed):
    def case(net):
        for n in (net.a, net.b):
            with n.namespace.entered():
                for d in ("all","default"): sysctl.write(f"net.ipv4.conf.{d}.accept_source_route","1"); sysctl.write(f"net.ipv4.conf.{d}.rp_filter","0")
        one,two = net.both(4,4,"--mtu","1400")
        net.b.output("ip","addr","add","10.9.9.9/32","dev","tun0")
        net.a.output("ip","route","add","10.9.9.9/32","via",INNER[4][1])
        opt = bytes([1,131,7,4])+socket.inet_aton(INNER[4][1])
        try:
            r = through(net, socket.AF_INET, "10.9.9.9", opts=[(socket.IPPROTO_IP, 4, opt)], data=DATA[:300000])
        except OSError as e: r = repr(e)
        return r, one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==hashlib.sha256(DATA[:300000]).hexdigest()

def test_dstopts(sandboxed):
    def case(net):
        one,two = net.both(4,6,"--mtu","1400")
        opt = bytes([0,0,1,4,0,0,0,0])
        try: r = through(net, socket.AF_INET6, INNER[6][1], opts=[(socket.IPPROTO_IPV6, 59, opt)])
        except OSError as e: r = repr(e)
        return r, one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==HASH

def test_srh(sandboxed):
    def case(net):
        with net.b.namespace.entered():
            for d in ("all","default"): sysctl.write(f"net.ipv6.conf.{d}.seg6_enabled","1")
        one,two = net.both(4,6,"--mtu","1400")
        with net.b.namespace.entered(): sysctl.write("net.ipv6.conf.tun0.seg6_enabled","1")
        net.b.output("ip","addr","add","fd00:9::9/128","dev","tun0","nodad")
        net.a.output("ip","route","add","fd00:9::9/128","via",INNER[6][1])
        p=lambda a: socket.inet_pton(socket.AF_INET6,a)
        srh = bytes([0,4,4,1,1,0,0,0])+p("fd00:9::9")+p(INNER[6][1])
        try: r = through(net, socket.AF_INET6, "fd00:9::9", opts=[(socket.IPPROTO_IPV6, 57, srh)], data=DATA[:300000])
        except OSError as e: r = repr(e)
        return r, one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==hashlib.sha256(DATA[:300000]).hexdigest()

@pytest.mark.parametrize("mtu", [68, 576, 1280, 9000, 65000, 65535])
def test_mtus(sandboxed, mtu):
    def case(net):
        for n in (net.a,net.b): n.output("ip","link","set","eth0","mtu","65535")
        one,two = net.both(4,4,"--mtu",str(mtu))
        n = 200000 if mtu==68 else len(DATA)
        try: r = through(net, socket.AF_INET, INNER[4][1], data=DATA[:n])
        except OSError as e: r = repr(e)
        return r, hashlib.sha256(DATA[:n]).hexdigest(), one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==r[1]

def test_tiny_mss(sandboxed):
    def case(net):
        one,two = net.both(4,4,"--mtu","1400")
        r = through(net, socket.AF_INET, INNER[4][1], opts=[(6,2,88)], data=DATA[:500000])
        return r, one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==hashlib.sha256(DATA[:500000]).hexdigest()

def test_jumbo_uso(sandboxed):
    def case(net):
        one,two = net.both(4,4,"--mtu","65535")
        net.a.output("ip","link","set","tun0","gso_max_size","65536")
        s = entered_socket(net.a, socket.AF_INET, socket.SOCK_DGRAM)
        with s:
            s.connect((INNER[4][1],7000))
            s.sendmsg([bytes(65500)],[(17,SEG,(65490).to_bytes(2,sys.byteorder))])
        wait_until(lambda: False, 0.3)
        return one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==0

def test_pmtu_drops(sandboxed):
    """outer MTU smaller than rows"""
    def case(net):
        one,two = net.both(4,4,"--mtu","1472")
        net.a.output("ip","link","set","eth0","mtu","1000")
        r = through(net, socket.AF_INET, INNER[4][1])
        return r, one.end(), two.end()
    r = run(sandboxed, case); print(r); assert r[0][0]==HASH

def test_forwarded(sandboxed):
    def main(_):
        from underlay import underlay
        with underlay(1500) as net, nodes("C") as (c,):
            net.a.netlink.add_veth("v0","v0",c.namespace)
            for n,a in ((net.a,"10.5.5.1/24"),(c,"10.5.5.2/24")):
                n.netlink.set_link("lo",state="up"); n.netlink.set_link("v0",state="up",mtu=1500); n.netlink.add_address("v0",a)
            with net.a.namespace.entered(): sysctl.write("net.ipv4.ip_forward","1")
            one,two = net.both(4,4,"--mtu","1400")
            c.output("ip","route","add","192.168.1.0/24","via","10.5.5.1")
            net.b.output("ip","route","add","10.5.5.0/24","via",INNER[4][0])
            l = entered_socket(net.b, socket.AF_INET, socket.SOCK_STREAM); s = entered_socket(c, socket.AF_INET, socket.SOCK_STREAM)
            with l, s:
                l.bind((INNER[4][1], 80)); l.listen(); s.settimeout(8); s.connect((INNER[4][1], 80))
                r,_ = l.accept()
                with r: h = transferred(s, r, DATA)
            # USO forwarded
            u = entered_socket(net.b, socket.AF_INET, socket.SOCK_DGRAM); v = entered_socket(c, socket.AF_INET, socket.SOCK_DGRAM)
            with u,v:
                u.bind((INNER[4][1],7000)); u.settimeout(3); v.connect((INNER[4][1],7000))
                v.sendmsg([DATA[:20007]],[(17,SEG,(500).to_bytes(2,sys.byteorder))])
                got=b"".join(u.recv(2000) for _ in range(41))
            return h, got==DATA[:20007], one.end(), two.end()
    r = sandboxed(main); print(r); assert r[0]==HASH and r[1]

def inner_udp(n, payload, port=7000):
    s,d = socket.inet_aton(INNER[4][1]), socket.inet_aton(INNER[4][0])
    h = struct.pack("!BBHHHBBH",0x45,0,28+len(payload),n,0x4000,64,17,0)+s+d
    h = h[:10]+checksum(h).to_bytes(2)+h[12:]
    u = struct.pack("!HHHH",9,port,8+len(payload),0)
    c = checksum(s+d+struct.pack("!HH",17,8+len(payload))+u+payload)
    return h+u[:6]+c.to_bytes(2)+payload

def test_empty_last(sandboxed):
    def case(net):
        end = net.endpoint(0,4,4)
        with entered_socket(net.b, socket.AF_INET, socket.SOCK_DGRAM) as peer, entered_socket(net.a, socket.AF_INET, socket.SOCK_DGRAM) as u:
            peer.bind((OUTER[4][1],8285)); u.bind((INNER[4][0],7000)); u.settimeout(2)
            rows=[inner_udp(i, bytes([i])*500) for i in range(3)]+[inner_udp(3,b"")]
            peer.sendmsg([b"".join(rows)],[(17,SEG,(528).to_bytes(2,sys.byteorder))],0,(OUTER[4][0],8285))
            got=[]
            try:
                for _ in range(4): got.append(len(u.recv(2000)))
            except TimeoutError: pass
        return got, end.end()
    r = run(sandboxed, case); print(r); assert r[0]==[500,500,500,0]
