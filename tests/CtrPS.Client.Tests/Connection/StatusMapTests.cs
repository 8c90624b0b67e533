using CtrPS.Client.Connection;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CtrPS.Client.Tests.Connection;

public sealed class StatusMapTests
{
    private static readonly CtrEndpoint Endpoint = CtrEndpoint.Parse("/run/c.sock");
    private static readonly CallSubject Subject = CallSubject.Image("r.io/a:1", "k8s.io");

    [Theory]
    [InlineData(StatusCode.NotFound, CtrStatus.NotFound, CtrErrorIds.ImageNotFound)]
    [InlineData(StatusCode.AlreadyExists, CtrStatus.AlreadyExists, CtrErrorIds.ImageExists)]
    [InlineData(StatusCode.InvalidArgument, CtrStatus.InvalidArgument, CtrErrorIds.InvalidArgument)]
    [InlineData(StatusCode.OutOfRange, CtrStatus.OutOfRange, CtrErrorIds.InvalidArgument)]
    [InlineData(StatusCode.FailedPrecondition, CtrStatus.FailedPrecondition, CtrErrorIds.FailedPrecondition)]
    [InlineData(StatusCode.PermissionDenied, CtrStatus.PermissionDenied, CtrErrorIds.AccessDenied)]
    [InlineData(StatusCode.Unauthenticated, CtrStatus.Unauthenticated, CtrErrorIds.AccessDenied)]
    [InlineData(StatusCode.Unavailable, CtrStatus.Unavailable, CtrErrorIds.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded, CtrStatus.DeadlineExceeded, CtrErrorIds.Timeout)]
    [InlineData(StatusCode.Unimplemented, CtrStatus.Unimplemented, CtrErrorIds.NotSupported)]
    [InlineData(StatusCode.ResourceExhausted, CtrStatus.ResourceExhausted, CtrErrorIds.ResourceExhausted)]
    [InlineData(StatusCode.Internal, CtrStatus.Internal, CtrErrorIds.ServerError)]
    [InlineData(StatusCode.DataLoss, CtrStatus.DataLoss, CtrErrorIds.ServerError)]
    [InlineData(StatusCode.Unknown, CtrStatus.Unknown, CtrErrorIds.ServerError)]
    [InlineData(StatusCode.Cancelled, CtrStatus.Unknown, CtrErrorIds.ServerError)]
    [InlineData(StatusCode.Aborted, CtrStatus.Aborted, CtrErrorIds.ServerError)]
    public void Every_code_has_a_status_and_an_id(StatusCode code, CtrStatus status, string id)
    {
        CtrException error = StatusMap.ToException(new RpcException(new Status(code, "the server's words")), Subject, Endpoint, "1.6.20");
        Assert.Equal((status, id), (error.Status, error.ErrorId));
        _ = Assert.IsType<RpcException>(error.InnerException);
    }

    [Fact]
    public void What_only_repeats_our_sentence_is_left_out() => Assert.Equal(
        "There is no image 'r.io/a:1' in namespace 'k8s.io'.",
        StatusMap.ToException(new RpcException(new Status(StatusCode.NotFound, "image \"r.io/a:1\": not found")), Subject, Endpoint, null).Message);

    [Fact]
    public void What_says_more_is_quoted() => Assert.Equal(
        "There is no image 'r.io/a:1' in namespace 'k8s.io'. containerd says: content digest sha256:1: not found.",
        StatusMap.ToException(
            new RpcException(new Status(StatusCode.NotFound, "content digest sha256:1: not found")), Subject, Endpoint, null).Message);

    [Fact]
    public void A_missing_service_names_the_version() =>
        Assert.Contains(
            "containerd 1.6.20",
            StatusMap.ToException(new RpcException(new Status(StatusCode.Unimplemented, "unknown service x")), Subject, Endpoint, "1.6.20").Message,
            StringComparison.Ordinal);

    [Fact]
    public void Nested_details_are_read()
    {
        var innermost = new Google.Rpc.Status { Code = 5, Message = "innermost" };
        var inner = new Google.Rpc.Status { Code = 2, Message = "inner" };
        inner.Details.Add(Wrap("type.googleapis.com/google.rpc.Status", innermost.ToByteString()));
        var outer = new Google.Rpc.Status { Code = 2, Message = "outer" };
        outer.Details.Add(Wrap("google.rpc.Status", inner.ToByteString()));
        outer.Details.Add(Wrap("github.com/x/errors/ErrUnexpectedStatus", ByteString.CopyFromUtf8("""{"Status":"403"}""")));
        var trailers = new Metadata { { "grpc-status-details-bin", outer.ToByteArray() } };
        CtrException error = StatusMap.ToException(new RpcException(new Status(StatusCode.Unknown, "outer"), trailers), Subject, Endpoint, null);
        Assert.Equal(["inner", "innermost", """ErrUnexpectedStatus: {"Status":"403"}"""], error.Details);
    }

    [Fact]
    public void Details_that_cannot_be_read_do_not_hide_the_error()
    {
        var trailers = new Metadata { { "grpc-status-details-bin", new byte[] { 0xff, 0xff } } };
        CtrException error = StatusMap.ToException(new RpcException(new Status(StatusCode.NotFound, "x"), trailers), Subject, Endpoint, null);
        Assert.Equal(CtrErrorIds.ImageNotFound, error.ErrorId);
        Assert.Contains("cannot be read", Assert.Single(error.Details), StringComparison.Ordinal);
    }

    private static Any Wrap(string typeUrl, ByteString value) => new() { TypeUrl = typeUrl, Value = value };
}
