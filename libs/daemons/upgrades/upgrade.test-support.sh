# Real apt and unattended-upgrade, in the hosts' userland with a layer over it that vanishes with this namespace, and an
# archive of our own beside it. usage: LAYER ROOTFS APT-CONFIGURATION
set -eu
mount -t tmpfs layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$(readlink -f "$2"),upperdir=$1/upper,workdir=$1/work" layer "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
cp "$3" "$1/root/etc/apt/apt.conf.d/90zcloud-upgrades"
exec chroot "$1/root" sh -eu <<'INSIDE'
# package NAME VERSION ARCHIVE
package() {
  mkdir -p "/build/$1/DEBIAN" "/build/$1/etc" "/archive/$3"
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody\nDescription: x\n' "$1" "$2" > "/build/$1/DEBIAN/control"
  echo "/etc/$1.conf" > "/build/$1/DEBIAN/conffiles"
  echo "$2" > "/build/$1/etc/$1.conf"
  dpkg-deb --build "/build/$1" "/archive/$3/$1_$2.deb" > /dev/null
}
# index ARCHIVE LABEL: flat, as apt knows it
index() {
  cd "/archive/$1"
  for deb in *.deb; do
    dpkg-deb --field "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
  done > Packages
  printf 'Origin: Debian\nLabel: %s\nSuite: %s\nCodename: %s\nDate: Sun, 22 Nov 2026 00:00:00 UTC\nSHA256:\n %s %s Packages\n' \
    "$2" "$1" "$1" "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" > Release
  echo "deb [trusted=yes] file:///archive/$1 ./" >> /etc/apt/sources.list
}
export DEBIAN_FRONTEND=noninteractive
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists
package zc-risky 1.0 old
package zc-plain 1.0 old
dpkg --install /archive/old/*.deb > /dev/null
echo ours > /etc/zc-risky.conf
package zc-risky 1.1 trixie-security
package zc-plain 1.1 trixie
index trixie-security Debian-Security
index trixie Debian
apt-get update --quiet -o APT::Update::Error-Mode=any > /dev/null
unattended-upgrade --verbose 2>&1 | sed 's/^/said: /'
dpkg-query --show --showformat '${Package} ${Version} ${Status}\n' zc-risky zc-plain
sed 's/^/conf: /' /etc/zc-risky.conf
# An archive that can't be read is a failure, not yesterday's list.
rm -r /archive/trixie-security
apt-get update --quiet -o APT::Update::Error-Mode=any > /dev/null 2>&1 || echo "update failed"
INSIDE
