#!/bin/sh
# images.sh ROOTFS OUTDIR: builds the sample stacks' images from Debian's busybox-static, as docker-archive files
# OUTDIR/<name>.tar that `podman load -i` takes. No registry, no network and no podman needed; the same inputs give
# the same bytes, and nothing is written when they did not change.
set -eu
[ $# -eq 2 ] || { echo "usage: images.sh ROOTFS OUTDIR" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
rootfs=$1
out=$2
busybox=$rootfs/usr/bin/busybox
[ -x "$busybox" ] || { echo "there is no $busybox; the rootfs needs the package busybox-static" >&2; exit 69; }
mkdir -p "$out"
work=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
umask 022

sum() { sha256sum "$@" | cut -d' ' -f1; }

# pack DIRECTORY TAR [OPTION]: nothing of this machine gets into the archive: no times, owners or directory order.
pack() { (cd "$1" && tar --create --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner ${3:-} .) > "$2"; }

# What the key stands for: the program, this recipe, and the image's own files with their names.
key() {
  { sum "$busybox" "$here/images.sh"; cd "$here/images/$1" && find . -type f -exec sha256sum {} \; | sort; } | sha256sum | cut -d' ' -f1
}

# Layer shared by all: busybox and a link for each of its applets, a user, an empty /tmp and /data.
base() {
  mkdir -p "$work/base/bin" "$work/base/etc" "$work/base/data" "$work/base/tmp"
  chmod 1777 "$work/base/tmp"
  cp "$busybox" "$work/base/bin/busybox"
  chmod 755 "$work/base/bin/busybox"
  for applet in $("$busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$work/base/bin/$applet"; done
  printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' > "$work/base/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' > "$work/base/etc/group"
  pack "$work/base" "$work/base.tar"
}

image() {
  name=$1 tag=$2
  key=$(key "$name")
  if [ -f "$out/$name.tar" ] && [ "$(cat "$out/.$name.key" 2> /dev/null)" = "$key" ]; then
    echo "unchanged $out/$name.tar"
    return
  fi
  [ -f "$work/base.tar" ] || base
  dir=$work/$name
  mkdir -p "$dir"
  pack "$here/images/$name" "$dir/app.tar" --mode=u=rwX,go=rX
  lower=$(sum "$work/base.tar") upper=$(sum "$dir/app.tar")
  cp "$work/base.tar" "$dir/$lower.tar"
  mv "$dir/app.tar" "$dir/$upper.tar"
  cat > "$dir/config.json" << JSON
{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z","config":{"Env":["PATH=/bin"],"Cmd":["/bin/sh","/start.sh"],"WorkingDir":"/","ExposedPorts":{"8080/tcp":{}},"Labels":{"org.opencontainers.image.title":"$name"}},"rootfs":{"type":"layers","diff_ids":["sha256:$lower","sha256:$upper"]}}
JSON
  config=$(sum "$dir/config.json")
  mv "$dir/config.json" "$dir/$config.json"
  printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["%s.tar","%s.tar"]}]\n' "$config" "$tag" "$lower" "$upper" > "$dir/manifest.json"
  pack "$dir" "$work/$name.tar"
  mv "$work/$name.tar" "$out/$name.tar"
  echo "$key" > "$out/.$name.key"
  echo "built $out/$name.tar  $tag  sha256:$config"
}

image hello localhost/zcloud/hello:1
image notes localhost/zcloud/notes:1
