namespace CtrPS;

/// <summary>The stable error ids of the module. An error record's FullyQualifiedErrorId is one of them, a comma and the cmdlet's class.</summary>
public static class CtrErrorIds
{
    /// <summary>The address has no form that the module knows.</summary>
    public const string InvalidAddress = "CtrInvalidAddress";

    /// <summary>The socket does not exist.</summary>
    public const string AddressNotFound = "CtrAddressNotFound";

    /// <summary>The socket exists, but nobody listens on it.</summary>
    public const string ConnectionRefused = "CtrConnectionRefused";

    /// <summary>No permission: on the socket, or said by the server.</summary>
    public const string AccessDenied = "CtrAccessDenied";

    /// <summary>The path is a file, not a socket.</summary>
    public const string NotASocket = "CtrNotASocket";

    /// <summary>Something else than containerd answers.</summary>
    public const string NotContainerd = "CtrNotContainerd";

    /// <summary>TLS could not be agreed on.</summary>
    public const string TlsFailed = "CtrTlsFailed";

    /// <summary>The connection broke, or the server is going down.</summary>
    public const string Unavailable = "CtrUnavailable";

    /// <summary>No answer in time.</summary>
    public const string Timeout = "CtrTimeout";

    /// <summary>The session was disconnected.</summary>
    public const string SessionClosed = "CtrSessionClosed";

    /// <summary>There is no such session.</summary>
    public const string SessionNotFound = "CtrSessionNotFound";

    /// <summary>A piped object belongs to another session or namespace than the one that was given.</summary>
    public const string TargetConflict = "CtrTargetConflict";

    /// <summary>The server has no such service.</summary>
    public const string NotSupported = "CtrNotSupported";

    /// <summary>The name is no valid namespace.</summary>
    public const string InvalidNamespace = "CtrInvalidNamespace";

    /// <summary>No such namespace.</summary>
    public const string NamespaceNotFound = "CtrNamespaceNotFound";

    /// <summary>The namespace exists already.</summary>
    public const string NamespaceExists = "CtrNamespaceExists";

    /// <summary>The namespace holds objects.</summary>
    public const string NamespaceNotEmpty = "CtrNamespaceNotEmpty";

    /// <summary>The namespace belongs to another program (k8s.io, moby).</summary>
    public const string NamespaceProtected = "CtrNamespaceProtected";

    /// <summary>The text is no valid image reference.</summary>
    public const string InvalidReference = "CtrInvalidReference";

    /// <summary>The text may mean several images.</summary>
    public const string AmbiguousReference = "CtrAmbiguousReference";

    /// <summary>The text is no valid platform.</summary>
    public const string InvalidPlatform = "CtrInvalidPlatform";

    /// <summary>The image is not for a platform that was asked for.</summary>
    public const string PlatformNotFound = "CtrPlatformNotFound";

    /// <summary>No such image.</summary>
    public const string ImageNotFound = "CtrImageNotFound";

    /// <summary>An image of that name exists already.</summary>
    public const string ImageExists = "CtrImageExists";

    /// <summary>The name points to another digest than the object that was piped.</summary>
    public const string ImageChanged = "CtrImageChanged";

    /// <summary>Something works with the image: a container, a lease, whoever pinned it.</summary>
    public const string ImageInUse = "CtrImageInUse";

    /// <summary>The image is pinned.</summary>
    public const string ImagePinned = "CtrImagePinned";

    /// <summary>A blob is not in the content store.</summary>
    public const string BlobMissing = "CtrBlobMissing";

    /// <summary>A blob is not what its digest, size or media type says.</summary>
    public const string BlobCorrupt = "CtrBlobCorrupt";

    /// <summary>What a snapshot has cannot be proven to be a layer of the image: it has another diff id.</summary>
    public const string LayerUnproven = "CtrLayerUnproven";

    /// <summary>There is no blob of that digest in the namespace.</summary>
    public const string ContentNotFound = "CtrContentNotFound";

    /// <summary>An image, another blob, a snapshot, a container or a lease needs the blob.</summary>
    public const string ContentInUse = "CtrContentInUse";

    /// <summary>The blob is no text.</summary>
    public const string ContentNotText = "CtrContentNotText";

    /// <summary>There is no unfinished write of that ref.</summary>
    public const string IngestNotFound = "CtrIngestNotFound";

    /// <summary>Somebody is at work on the write.</summary>
    public const string IngestInUse = "CtrIngestInUse";

    /// <summary>The image goes beyond what the module reads: depth of its indexes, number of its blobs.</summary>
    public const string ImageTooLarge = "CtrImageTooLarge";

    /// <summary>The image has no such file.</summary>
    public const string ImageFileNotFound = "CtrImageFileNotFound";

    /// <summary>The text is no digest of a known algorithm.</summary>
    public const string InvalidDigest = "CtrInvalidDigest";

    /// <summary>There is no such file or folder.</summary>
    public const string ArchiveNotFound = "CtrArchiveNotFound";

    /// <summary>No permission to read the archive.</summary>
    public const string ArchiveAccessDenied = "CtrArchiveAccessDenied";

    /// <summary>The archive's bytes cannot be read: the disk or the share it lies on failed.</summary>
    public const string ArchiveUnreadable = "CtrArchiveUnreadable";

    /// <summary>The file or folder holds no images, or not in a form that the module knows.</summary>
    public const string ArchiveUnrecognized = "CtrArchiveUnrecognized";

    /// <summary>The archive ends too early.</summary>
    public const string ArchiveTruncated = "CtrArchiveTruncated";

    /// <summary>The archive is damaged: a header, the compressed data, or what lists its images.</summary>
    public const string ArchiveCorrupt = "CtrArchiveCorrupt";

    /// <summary>The archive holds a name or a link that leads out of it.</summary>
    public const string ArchiveUnsafe = "CtrArchiveUnsafe";

    /// <summary>The archive goes beyond what the module reads: entries, size of a listing, expansion.</summary>
    public const string ArchiveLimit = "CtrArchiveLimit";

    /// <summary>The system's library for a compression is not installed.</summary>
    public const string CompressionUnavailable = "CtrCompressionUnavailable";

    /// <summary>No such container.</summary>
    public const string ContainerNotFound = "CtrContainerNotFound";

    /// <summary>The container has no such file.</summary>
    public const string ContainerFileNotFound = "CtrContainerFileNotFound";

    /// <summary>A container of that id exists already.</summary>
    public const string ContainerExists = "CtrContainerExists";

    /// <summary>The container has a task that is not ended.</summary>
    public const string ContainerInUse = "CtrContainerInUse";

    /// <summary>The text is no valid id of a container.</summary>
    public const string InvalidContainerId = "CtrInvalidContainerId";

    /// <summary>The spec of a container is none, or what was asked for cannot stand in one.</summary>
    public const string InvalidSpec = "CtrInvalidSpec";

    /// <summary>The image is no checkpoint, or does not hold what is asked for.</summary>
    public const string InvalidCheckpoint = "CtrInvalidCheckpoint";

    /// <summary>The container's file system knows no such user or group.</summary>
    public const string UserNotFound = "CtrUserNotFound";

    /// <summary>There is no snapshot of that key.</summary>
    public const string SnapshotNotFound = "CtrSnapshotNotFound";

    /// <summary>Other snapshots are made on the snapshot, or a container, an image or a lease needs it.</summary>
    public const string SnapshotInUse = "CtrSnapshotInUse";

    /// <summary>A snapshot of that key exists already.</summary>
    public const string SnapshotExists = "CtrSnapshotExists";

    /// <summary>There is no such lease.</summary>
    public const string LeaseNotFound = "CtrLeaseNotFound";

    /// <summary>A lease of that id exists already.</summary>
    public const string LeaseExists = "CtrLeaseExists";

    /// <summary>A process of CtrPS works under the lease.</summary>
    public const string LeaseInUse = "CtrLeaseInUse";

    /// <summary>It is no orphan, or not any more.</summary>
    public const string OrphanNotFound = "CtrOrphanNotFound";

    /// <summary>A label of its own keeps it.</summary>
    public const string OrphanKept = "CtrOrphanKept";

    /// <summary>The container has no task.</summary>
    public const string TaskNotFound = "CtrTaskNotFound";

    /// <summary>The container has a task already.</summary>
    public const string TaskExists = "CtrTaskExists";

    /// <summary>The task is not in a state for this: paused, ended, not started, or running.</summary>
    public const string TaskState = "CtrTaskState";

    /// <summary>The task did not end in time.</summary>
    public const string TaskTimeout = "CtrTaskTimeout";

    /// <summary>No such process in the container.</summary>
    public const string ProcessNotFound = "CtrProcessNotFound";

    /// <summary>The container's file system has no such program.</summary>
    public const string CommandNotFound = "CtrCommandNotFound";

    /// <summary>The file is there, but cannot be run: a folder, no permission to run it, or a program for another platform.</summary>
    public const string CommandNotRunnable = "CtrCommandNotRunnable";

    /// <summary>The runtime (runc, or the shim) failed.</summary>
    public const string RuntimeFailed = "CtrRuntimeFailed";

    /// <summary>The runtime is not installed on the daemon's machine.</summary>
    public const string RuntimeNotFound = "CtrRuntimeNotFound";

    /// <summary>This works only on the daemon's own machine: pipes, network namespaces and log files are files there.</summary>
    public const string NotLocal = "CtrNotLocal";

    /// <summary>The kernel lets nobody but root do it.</summary>
    public const string RootRequired = "CtrRootRequired";

    /// <summary>The image is not mounted there.</summary>
    public const string MountNotFound = "CtrMountNotFound";

    /// <summary>An image is mounted there already.</summary>
    public const string MountExists = "CtrMountExists";

    /// <summary>Somebody uses what is mounted, or has mounted something over it.</summary>
    public const string MountBusy = "CtrMountBusy";

    /// <summary>The kernel does not mount or unmount it.</summary>
    public const string MountFailed = "CtrMountFailed";

    /// <summary>There is no console to work on: input or output is redirected.</summary>
    public const string NoConsole = "CtrNoConsole";

    /// <summary>A CNI plugin failed, or there is no network configuration.</summary>
    public const string NetworkFailed = "CtrNetworkFailed";

    /// <summary>No such event came in time.</summary>
    public const string EventTimeout = "CtrEventTimeout";

    /// <summary>The container has no log file.</summary>
    public const string LogNotFound = "CtrLogNotFound";

    /// <summary>The log file cannot be read: no permission, or the disk failed.</summary>
    public const string LogUnreadable = "CtrLogUnreadable";

    /// <summary>The command did not end in time and was killed.</summary>
    public const string CommandTimeout = "CtrCommandTimeout";

    /// <summary>The command ended with an exit code other than 0, and that was to be an error.</summary>
    public const string CommandFailed = "CtrCommandFailed";

    /// <summary>A line that the command wrote to its standard error.</summary>
    public const string StandardError = "CtrStandardError";

    /// <summary>A hosts.toml, docker's folder of certificates or containerd's configuration cannot be used.</summary>
    public const string InvalidHostsFile = "CtrInvalidHostsFile";

    /// <summary>docker's config.json, or podman's auth.json, cannot be used.</summary>
    public const string InvalidCredentialFile = "CtrInvalidCredentialFile";

    /// <summary>The program that keeps credentials (docker-credential-*) is not there, or failed.</summary>
    public const string CredentialHelperFailed = "CtrCredentialHelperFailed";

    /// <summary>Nobody is logged in at the registry.</summary>
    public const string LoginNotFound = "CtrLoginNotFound";

    /// <summary>The registry refused user and password, or could not be asked.</summary>
    public const string LoginFailed = "CtrLoginFailed";

    /// <summary>The path is none of a file that could be written: a folder, a device, no file system, or its folder does not exist.</summary>
    public const string InvalidPath = "CtrInvalidPath";

    /// <summary>The file exists already.</summary>
    public const string FileExists = "CtrFileExists";

    /// <summary>The file could not be written.</summary>
    public const string WriteFailed = "CtrWriteFailed";

    /// <summary>There is not enough space for the file.</summary>
    public const string DiskFull = "CtrDiskFull";

    /// <summary>Nobody answers at a registry's address, or not in time.</summary>
    public const string RegistryUnreachable = "CtrRegistryUnreachable";

    /// <summary>TLS with a registry could not be agreed on.</summary>
    public const string RegistryTlsFailed = "CtrRegistryTlsFailed";

    /// <summary>A registry, or its token service, does not allow it: no login, a wrong one, or no rights.</summary>
    public const string RegistryDenied = "CtrRegistryDenied";

    /// <summary>A registry has no such image, tag or blob.</summary>
    public const string RemoteImageNotFound = "CtrRemoteImageNotFound";

    /// <summary>A registry was asked too often.</summary>
    public const string RegistryLimited = "CtrRegistryLimited";

    /// <summary>A registry failed, or does not follow its protocol.</summary>
    public const string RegistryFailed = "CtrRegistryFailed";

    /// <summary>An image did not come in time.</summary>
    public const string ReceiveTimeout = "CtrReceiveTimeout";

    /// <summary>A registry sends us, or our credentials, where nobody should be sent.</summary>
    public const string RegistryUntrusted = "CtrRegistryUntrusted";

    /// <summary>The server found an argument malformed.</summary>
    public const string InvalidArgument = "CtrInvalidArgument";

    /// <summary>No such object.</summary>
    public const string NotFound = "CtrNotFound";

    /// <summary>The object exists already.</summary>
    public const string AlreadyExists = "CtrAlreadyExists";

    /// <summary>The object is not in a state that allows the call.</summary>
    public const string FailedPrecondition = "CtrFailedPrecondition";

    /// <summary>A limit was hit.</summary>
    public const string ResourceExhausted = "CtrResourceExhausted";

    /// <summary>The server failed.</summary>
    public const string ServerError = "CtrServerError";
}
