// Makes a kopia repository as Velero makes one, with Velero's own code: created and initialised in S3, a folder uploaded as a pod volume, maintained.
// Usage: kopia-repository ENDPOINT BUCKET PREFIX FOLDER; prints the snapshot's id. The prefix ends in a slash: Velero's is kopia/NAMESPACE/.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kopia/kopia/snapshot/upload"
	"github.com/sirupsen/logrus"
	"github.com/vmware-tanzu/velero/pkg/repository/udmrepo"
	"github.com/vmware-tanzu/velero/pkg/repository/udmrepo/service"
	"github.com/vmware-tanzu/velero/pkg/uploader"
	"github.com/vmware-tanzu/velero/pkg/uploader/kopia"
)

type noProgress struct{}

func (noProgress) UpdateProgress(*uploader.Progress) {}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: kopia-repository ENDPOINT BUCKET PREFIX FOLDER")
		os.Exit(2)
	}
	id, err := makeRepository(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(id)
}

func makeRepository(ctx context.Context, endpoint, bucket, prefix, folder string) (string, error) {
	work, err := os.MkdirTemp("", "kopia-repository")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.Setenv("HOME", work); err != nil {
		return "", err
	}
	log := logrus.New()
	log.SetOutput(os.Stderr)
	log.SetLevel(logrus.WarnLevel)
	options := udmrepo.RepoOptions{
		StorageType: udmrepo.StorageTypeS3,
		// Velero's default: these repositories hold nothing that is worth a better one.
		RepoPassword:   "static-passw0rd",
		ConfigFilePath: filepath.Join(work, "repo.conf"),
		GeneralOptions: map[string]string{
			udmrepo.GenOptionOwnerName:    udmrepo.GetRepoUser(),
			udmrepo.GenOptionOwnerDomain:  udmrepo.GetRepoDomain(),
			udmrepo.GenOptionMaintainMode: udmrepo.GenOptionMaintainFull,
		},
		StorageOptions: map[string]string{
			udmrepo.StoreOptionOssBucket:    bucket,
			udmrepo.StoreOptionPrefix:       prefix,
			udmrepo.StoreOptionS3Endpoint:   endpoint,
			udmrepo.StoreOptionS3DisableTLS: "true",
			udmrepo.StoreOptionOssRegion:    "eu-central-1",
			udmrepo.StoreOptionS3KeyID:      "testing",
			udmrepo.StoreOptionS3SecretKey:  "testing",
			udmrepo.StoreOptionCacheDir:     filepath.Join(work, "cache"),
		},
	}
	repositories := service.Create("kopia", log)
	if err := repositories.Create(ctx, options); err != nil {
		return "", err
	}
	opened, err := repositories.Open(ctx, options)
	if err != nil {
		return "", err
	}
	shim := kopia.NewShimRepo(opened)
	uploading := upload.NewUploader(shim)
	uploading.Progress = kopia.NewProgress(noProgress{}, 0, log)
	tags := map[string]string{uploader.SnapshotRequesterTag: "pod-volume-backup-restore", uploader.SnapshotUploaderTag: uploader.KopiaType}
	snapshot, _, err := kopia.Backup(ctx, uploading, shim, folder, "pod-volume-backup-restore/kopia/data", false, "", uploader.PersistentVolumeFilesystem, nil, tags, log)
	if err != nil {
		return "", err
	}
	if err := opened.Close(ctx); err != nil {
		return "", err
	}
	return snapshot.ID, repositories.Maintain(ctx, options)
}
