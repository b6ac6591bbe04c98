# What the lab needs of the machine under it, in functions for tools/setup/run. Each refuses with the remedy (exit 78, as
# sysexits.h has it for bad configuration) or makes it so.

packages="mmdebstrap systemd-container nftables iproute2 openssh-client openssl uidmap jq curl procps util-linux"
# A program of each package: asking for these is a hundred times faster than asking dpkg.
programs="mmdebstrap systemd-nspawn nft ip ssh openssl newuidmap jq curl sysctl flock"

say() { echo "setup: $*" >&2; }

# refuse PROBLEM REMEDY
refuse() {
  echo "setup: $1" >&2
  echo "setup: $2" >&2
  exit 78
}

check_machine() {
  [ "$(id -u)" = 0 ] || refuse "the lab makes network namespaces and boots hosts, which needs root; you are $(id -un)." \
    "Run it as root, on a machine of its own if you prefer: sudo npm run lab"
  # shellcheck disable=SC1091
  release=$(. /etc/os-release 2> /dev/null && echo "${ID:-}-${VERSION_ID:-}")
  case $release in
    debian-12 | debian-13) ;;
    *) refuse "this machine is ${release:-unknown}; the lab is made for Debian 12 and 13." "Use a Debian 13 machine or VM." ;;
  esac
  [ "$(uname -m)" = x86_64 ] || refuse "this machine is $(uname -m); the hosts' image is built for x86_64." "Use an x86_64 machine."
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2> /dev/null ||
    refuse "Node 20.19 or newer is needed; there is $(node --version 2> /dev/null || echo none)." "Debian 13: apt-get install nodejs npm"
  unshare --net true 2> /dev/null || refuse "network namespaces can't be made here." \
    "In a container, give it --privileged; in a VM, use a kernel with CONFIG_NET_NS."
  [ -c /dev/net/tun ] || refuse "there is no /dev/net/tun, which hosts get for WireGuard." "modprobe tun, or give the container --device /dev/net/tun"
  [ -c /dev/fuse ] || refuse "there is no /dev/fuse." "modprobe fuse, or give the container --device /dev/fuse"
  check_cgroup
  check_room
}

check_cgroup() {
  unified=/sys/fs/cgroup
  [ -f $unified/cgroup.controllers ] || unified=/sys/fs/cgroup/unified
  [ -f $unified/cgroup.procs ] || refuse "cgroup v2 is not mounted." "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified"
  probe=$unified/zc-setup-$$
  mkdir "$probe" 2> /dev/null || refuse "cgroups can't be made in $unified." "In a container, give it --privileged --cgroupns=host."
  killable=$([ -f "$probe/cgroup.kill" ] && echo yes || echo no)
  rmdir "$probe"
  [ "$killable" = yes ] || refuse "this kernel ($(uname -r)) has no cgroup.kill, which power cuts are made of." "Use Linux 5.14 or newer."
}

check_room() {
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  [ "$memory" -ge 2048 ] || refuse "$memory MiB of memory are free; two sites need 2 GiB." "Stop something, or: npm run lab -- down"
  mkdir -p "${ZCLOUD_CACHE:-/var/cache/zcloud}" /var/lib/zcloud-lab
  for directory in "${ZCLOUD_CACHE:-/var/cache/zcloud}" /var/lib/zcloud-lab; do
    free=$(df -Pm "$directory" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge 4096 ] || refuse "$free MiB are free in $directory; image and hosts need 4 GiB." "Free some, or remove old images there: rootfs-*, layer-*"
  done
}

# Every systemd holds about five inotify instances; Debian's 128 are not enough for two labs.
raise_limits() {
  setting=/proc/sys/fs/inotify/max_user_instances
  [ "$(cat $setting)" -lt 2048 ] || return 0
  say "raising fs.inotify.max_user_instances from $(cat $setting) to 2048, until the next boot"
  echo 2048 2> /dev/null > $setting ||
    refuse "fs.inotify.max_user_instances can't be raised here." "On the machine around this one: sysctl -w fs.inotify.max_user_instances=2048"
}

install_packages() {
  missing=
  for program in $programs; do command -v "$program" > /dev/null || missing="$missing $program"; done
  [ -n "$missing" ] || return 0
  say "installing Debian packages, because these programs are missing:$missing"
  # shellcheck disable=SC2086
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages > /tmp/zcloud-apt.$$ 2>&1; then
    say "package lists are too old: apt-get update"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages > /tmp/zcloud-apt.$$ 2>&1 || {
      tail -n 20 /tmp/zcloud-apt.$$ >&2
      rm -f /tmp/zcloud-apt.$$
      refuse "the packages could not be installed." "Install them by hand: apt-get install $packages"
    }
  fi
  rm -f /tmp/zcloud-apt.$$
}

# npm ci, unless the modules are those of the lock.
install_modules() {
  stamp=node_modules/.zcloud-lock
  lock=$(sha256sum package-lock.json | cut -d' ' -f1)
  if [ -x node_modules/.bin/tsx ]; then
    [ "$(cat $stamp 2> /dev/null || true)" != "$lock" ] || return 0
    # npm notes what it installed last: after `npm install` by hand there is nothing to do either.
    if [ node_modules/.package-lock.json -nt package-lock.json ]; then
      echo "$lock" > $stamp
      return 0
    fi
  fi
  say "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error >&2
  echo "$lock" > $stamp
}

build_image() {
  if ! deploy/images/build --print > /dev/null; then say "building the hosts' Debian 13 image and what zstore and zpod have above it, once, about three minutes"; fi
  deploy/images/build
}

build_apps() {
  start=$(date +%s)
  log=$(mktemp)
  if ! node_modules/.bin/nx run-many -t build --outputStyle=static > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    echo "setup: the apps could not be built" >&2
    exit 1
  fi
  rm -f "$log"
  say "apps are built ($(($(date +%s) - start)) s)"
}
