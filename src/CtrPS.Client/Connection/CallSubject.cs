namespace CtrPS.Client.Connection;

/// <summary>What a call is about, for the words of its errors.</summary>
/// <param name="Words">The object in words: <c>image 'x' in namespace 'k8s.io'</c>.</param>
/// <param name="Target">The object's name; null where the call is about no single object.</param>
internal readonly record struct CallSubject(string Words, string? Target = null)
{
    /// <summary>Error id when the object does not exist.</summary>
    public string NotFoundId { get; init; } = CtrErrorIds.NotFound;

    /// <summary>Error id when the object exists already.</summary>
    public string ExistsId { get; init; } = CtrErrorIds.AlreadyExists;

    /// <summary>Error id when the object is not in the right state.</summary>
    public string PreconditionId { get; init; } = CtrErrorIds.FailedPrecondition;

    public static CallSubject Image(string name, string @namespace) => new($"image '{name}' in namespace '{@namespace}'", name)
    {
        NotFoundId = CtrErrorIds.ImageNotFound,
        ExistsId = CtrErrorIds.ImageExists,
    };

    public static CallSubject Namespace(string name) => new($"namespace '{name}'", name)
    {
        NotFoundId = CtrErrorIds.NamespaceNotFound,
        ExistsId = CtrErrorIds.NamespaceExists,
        PreconditionId = CtrErrorIds.NamespaceNotEmpty,
    };

    public static CallSubject Container(string id, string @namespace) => new($"container '{id}' in namespace '{@namespace}'", id)
    {
        NotFoundId = CtrErrorIds.ContainerNotFound,
        ExistsId = CtrErrorIds.ContainerExists,
    };

    public static CallSubject Task(string id, string @namespace) => new($"task of container '{id}' in namespace '{@namespace}'", id)
    {
        NotFoundId = CtrErrorIds.TaskNotFound,
        ExistsId = CtrErrorIds.TaskExists,
        PreconditionId = CtrErrorIds.TaskState,
    };

    public static CallSubject Process(string execId, string id, string @namespace) =>
        new($"process '{execId}' of container '{id}' in namespace '{@namespace}'", id)
        {
            NotFoundId = CtrErrorIds.ProcessNotFound,
            PreconditionId = CtrErrorIds.TaskState,
        };

    public static CallSubject Blob(string digest, string @namespace) => new($"blob '{digest}' in namespace '{@namespace}'", digest)
    {
        NotFoundId = CtrErrorIds.BlobMissing,
    };

    public static CallSubject Content(string digest, string @namespace) => Blob(digest, @namespace) with { NotFoundId = CtrErrorIds.ContentNotFound };

    public static CallSubject Ingest(string reference, string @namespace) =>
        new($"unfinished write '{reference}' in namespace '{@namespace}'", reference)
        {
            NotFoundId = CtrErrorIds.IngestNotFound,
        };

    public static CallSubject Snapshot(string key, string snapshotter, string @namespace) =>
        new($"snapshot '{key}' of {snapshotter} in namespace '{@namespace}'", key)
        {
            NotFoundId = CtrErrorIds.SnapshotNotFound,
            ExistsId = CtrErrorIds.SnapshotExists,
        };

    public static CallSubject Lease(string id, string @namespace) => new($"lease '{id}' in namespace '{@namespace}'", id)
    {
        NotFoundId = CtrErrorIds.LeaseNotFound,
        ExistsId = CtrErrorIds.LeaseExists,
    };
}
